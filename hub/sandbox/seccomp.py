"""A system-call filter as a second layer under the namespaces.

It denies what research code never needs and kernel exploits often do. It does not stop what the
allowed calls can do; the walls are the mount, PID and network namespaces.
"""

from __future__ import annotations

import errno
import functools
import os
import tempfile

CLONE_NEWUSER = 0x10000000

DENIED = (
    "acct add_key bpf clock_adjtime clock_settime delete_module finit_module fsconfig fsmount "
    "fsopen fspick init_module io_uring_enter io_uring_register io_uring_setup kexec_file_load "
    "kexec_load keyctl lookup_dcookie mount mount_setattr move_mount move_pages "
    "name_to_handle_at open_by_handle_at open_tree perf_event_open pivot_root process_madvise "
    "process_vm_readv process_vm_writev ptrace quotactl reboot request_key setns settimeofday "
    "swapoff swapon syslog umount2 userfaultfd"
).split()


@functools.cache
def filter_program() -> bytes | None:
    """The filter as BPF, or None where libseccomp is missing (the guards then say so)."""
    try:
        import pyseccomp as seccomp
    except (ImportError, RuntimeError, OSError):
        return None
    rules = seccomp.SyscallFilter(defaction=seccomp.ALLOW)
    for name in DENIED:
        rules.add_rule(seccomp.ERRNO(errno.EPERM), name)
    # clone3 hides its flags behind a pointer; libc falls back to clone on ENOSYS.
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    for name in ("clone", "unshare"):
        masked = seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER)
        rules.add_rule(seccomp.ERRNO(errno.EPERM), name, masked)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def memory_file(name: str, content: bytes) -> int:
    """A descriptor to read `content` from; the caller closes it."""
    descriptor = os.memfd_create(name)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
