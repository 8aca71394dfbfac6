//! Child processes that cannot outlive their owner.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal};

/// Runs the command given as arguments until the owner's end of standard input closes, then stops it: SIGTERM, and SIGKILL
/// when that has not helped after ten seconds. Ends at once when the command ends by itself, with its exit code.
const SCRIPT: &str = r#"
"$@" </dev/null &
child=$!
(
  cat >/dev/null
  kill "$child" 2>/dev/null
  n=0
  while [ "$n" -lt 100 ] && kill -0 "$child" 2>/dev/null; do sleep 0.1; n=$((n+1)); done
  kill -9 "$child" 2>/dev/null
) <&3 >/dev/null 2>&1 &
exec 3<&-
wait "$child"
code=$?
if [ -n "$SUPERVISE_REMOVE" ]; then
  rm -rf "$SUPERVISE_REMOVE" 2>/dev/null || { sleep 1; rm -rf "$SUPERVISE_REMOVE"; }
fi
exit "$code"
"#;

/// A process that ends when this value is dropped, or when the process that holds it ends in any way.
#[derive(Debug)]
pub struct Supervised {
    shell: Child,
}

impl Supervised {
    /// Starts a command; what it prints goes to the log file. A folder in the variable `SUPERVISE_REMOVE` is removed when the
    /// command has ended.
    pub fn start(command: &Path, arguments: &[String], environment: &[(String, String)], log: &Path) -> Result<Self> {
        let log_file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut shell = Command::new("/bin/sh");
        shell
            .arg("-c")
            .arg(format!("exec 3<&0; {SCRIPT}"))
            .arg("supervise")
            .arg(command)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(log_file.try_clone()?)
            .stderr(log_file);
        // A group of its own: Ctrl-C ends the owner, and the closing pipe then ends the child in good order.
        std::os::unix::process::CommandExt::process_group(&mut shell, 0);
        let shell = shell.spawn().with_context(|| format!("cannot start {}", command.display()))?;
        Ok(Self { shell })
    }

    /// Whether the command has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        matches!(self.shell.try_wait(), Ok(Some(_)))
    }

    /// Ends the command without warning, with SIGKILL.
    ///
    /// # Errors
    /// When it cannot be sent.
    pub fn kill(&mut self) -> Result<()> {
        // The group is the shell, what it watches with, and the command.
        rustix::process::kill_process_group(Pid::from_child(&self.shell), Signal::KILL)?;
        self.shell.wait()?;
        Ok(())
    }

    /// Asks the command to stop and waits until it has; its exit code, where it has one.
    pub fn stop(&mut self) -> Option<i32> {
        drop(self.shell.stdin.take());
        self.shell.wait().ok().and_then(|status| status.code())
    }

    /// Process id of the command, to look at what it uses; none where `/proc` does not tell.
    pub fn pid(&self) -> Option<u32> {
        let shell = self.shell.id();
        let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).ok()?;
        // The shell starts the command before anything else.
        children.split_whitespace().next()?.parse().ok()
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.stop();
    }
}
