"""Makes the test VM's root disk: Debian 12 by mmdebstrap, from this machine's own Debian apt sources."""
import os
import shutil
import subprocess

from machine import DISK_BYTES, GUEST, VmError, bound_to_us, make_empty

SUITE = "bookworm"
CODENAMES = (SUITE, f"{SUITE}-updates", f"{SUITE}-security")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# apt's options that say how a mirror is reached, and no others, are taken over.
APT_OPTIONS = ("Acquire::http::", "Acquire::https::", "Acquire::Check-Valid-Until ",
               "Acquire::Check-Date ", "Acquire::Retries ", "Acquire::ForceIPv4 ", "Acquire::ForceIPv6 ",
               "Acquire::Max-ValidTime ")
MMDEBSTRAP_SEC = 1800
# Only what it takes to mount the root disk, in place of drivers for every machine there is.
INITRAMFS_HOOK = """set -eu
mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"
printf 'MODULES=list\\nCOMPRESS=zstd\\n' >"$1/etc/initramfs-tools/conf.d/sandlot-vm"
printf 'virtio_pci\\nvirtio_blk\\next4\\n' >"$1/usr/share/initramfs-tools/modules.d/sandlot-vm"
"""


def output_of(*words):
    try:
        return subprocess.run(words, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as why:
        raise VmError(f"{words[0]} failed: {(getattr(why, 'stderr', '') or str(why)).strip()[-300:]}") from why


def debian_sources():
    """Lines for sources.list: what apt knows, by the signed indexes, to be Debian's own."""
    form = "$(REPO_URI)|$(RELEASE)|$(CODENAME)|$(COMPONENT)|$(ORIGIN)"
    listed = output_of("apt-get", "indextargets", "--format", form, "Identifier: Packages")
    lines, codenames = [], set()
    for line in listed.splitlines():
        uri, release, codename, component, origin = (line.split("|") + [""] * 5)[:5]
        if origin == "Debian" and codename in CODENAMES and component == "main":
            lines.append(f"deb [signed-by={KEYRING}] {uri} {release} main")
            codenames.add(codename)
    return sorted(set(lines)) if SUITE in codenames else []


def sources():
    lines = debian_sources()
    if not lines:
        output_of("apt-get", "update")  # its indexes may just not be there yet
        lines = debian_sources()
    if not lines:
        raise VmError(f"this machine has no apt source for Debian's {SUITE}, component main")
    return "\n".join(lines) + "\n"


def apt_options():
    dump = output_of("apt-config", "dump")
    return "".join(f"{line}\n" for line in dump.splitlines() if line.startswith(APT_OPTIONS))


def packages():
    lines = (GUEST / "packages").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def bootstrap(tree, scratch, log):
    (scratch / "debian.list").write_text(sources())
    (scratch / "apt.conf").write_text(apt_options())
    hook = scratch / "initramfs-hook"
    hook.write_text("#!/bin/sh\n" + INITRAMFS_HOOK)
    hook.chmod(0o755)
    words = [
        "mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory",
        f"--include={','.join(packages())}",
        f"--aptopt={scratch}/apt.conf", f"--keyring={KEYRING}",
        f"--essential-hook={hook}",
        f"--customize-hook=upload {GUEST}/vm-job /usr/local/sbin/vm-job",
        f"--customize-hook=upload {GUEST}/vm-job.service /etc/systemd/system/vm-job.service",
        f"--customize-hook=upload {GUEST}/setup /setup",
        '--customize-hook=chroot "$1" sh /setup && rm "$1/setup"',
        SUITE, str(tree), f"{scratch}/debian.list",
    ]
    # In namespaces of its own, so that nothing of it, no mount above all, outlives an interruption.
    words = bound_to_us(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                         "--", *words])
    with open(log, "wb") as file:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=False,
                              timeout=MMDEBSTRAP_SEC, env={**os.environ, "TMPDIR": str(scratch)})
    if done.returncode != 0:
        raise VmError(f"mmdebstrap ended with status {done.returncode}, see {log}")


def take_one(tree, pattern, target):
    found = sorted((tree / "boot").glob(pattern))
    if len(found) != 1:
        raise VmError(f"want one {pattern} in /boot of the root disk, found {len(found)}")
    shutil.copyfile(found[0], target)


def make(folder, scratch, log):
    """Puts disk.raw, vmlinuz, initrd.img and packages.txt into the folder. Everything else is in scratch."""
    tree = scratch / "root"
    bootstrap(tree, scratch, log)
    take_one(tree, "vmlinuz-*", folder / "vmlinuz")
    take_one(tree, "initrd.img-*", folder / "initrd.img")
    versions = output_of("dpkg-query", f"--admindir={tree}/var/lib/dpkg", "-W")
    (folder / "packages.txt").write_text(versions)
    disk = folder / "disk.raw"
    make_empty(disk, DISK_BYTES)
    # No journal: a VM that dies takes its disk's changes along anyway.
    output_of("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-E", "assume_storage_prezeroed=1",
              "-m", "0", "-d", str(tree), str(disk))
