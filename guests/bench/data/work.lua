-- Tables, closures, strings, integers and floats.
local function permutations(n)
  local order, count, flips = {}, 0, 0
  for i = 1, n do order[i] = i end
  local function visit(k)
    if k == 1 then
      count = count + 1
      local copy = table.move(order, 1, n, 1, {})
      while copy[1] ~= 1 do
        local first = copy[1]
        for i = 1, first // 2 do
          copy[i], copy[first - i + 1] = copy[first - i + 1], copy[i]
        end
        flips = flips + 1
      end
      return
    end
    for i = 1, k do
      visit(k - 1)
      local j = k % 2 == 0 and i or 1
      order[j], order[k] = order[k], order[j]
    end
  end
  visit(n)
  return count, flips
end

local function words(limit)
  local seen, distinct = {}, 0
  for i = 1, limit do
    local word = ("%x"):format(i * 2654435761 % 4093):rep(2)
    if not seen[word] then
      seen[word], distinct = 0, distinct + 1
    end
    seen[word] = seen[word] + #word:gsub("a", "bc")
  end
  return distinct
end

local sum = 0.0
for i = 1, 30000 do sum = sum + (i % 3 - 1) / i end
print(permutations(7))
print(words(5000))
print(("%.9f"):format(sum))
