-- A table of 5000 rows, an index, joins and aggregates, a sort, updates.
CREATE TABLE item (id INTEGER PRIMARY KEY, kind INTEGER, price INTEGER, name TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO item SELECT i, i * 7919 % 97, i * 104729 % 10007, 'item ' || i * 31 % 5003 FROM n;
CREATE INDEX item_kind ON item (kind, price);
SELECT kind, count(*), sum(price), max(name) FROM item GROUP BY kind ORDER BY 3 DESC LIMIT 5;
SELECT count(*) FROM item a JOIN item b ON a.kind = b.kind AND a.price < b.price WHERE a.id < 500;
UPDATE item SET price = price + 1 WHERE kind % 3 = 0;
DELETE FROM item WHERE name LIKE '%77%';
SELECT count(*), sum(price), sum(length(upper(name))) FROM item;
