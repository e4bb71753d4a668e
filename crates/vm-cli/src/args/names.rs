//! What the settings of a machine are called here.

use vm_machine::config::name_settings;

/// From here on, messages of the machine name its settings by this program's options.
pub fn use_options() {
    name_settings(|setting, f| write!(f, "--{}", setting.key()));
}
