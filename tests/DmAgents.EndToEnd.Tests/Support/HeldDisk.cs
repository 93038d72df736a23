using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel;
using DmAgents.Testing.Contracts;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>A disk with one file, of which the first bytes can be read and the rest not before the disk is let go: a
/// reader stands still in the midst of the file, as it does on a disk that hangs.</summary>
internal sealed class HeldDisk : IAsyncDisposable
{
    private readonly LinuxKernel _kernel;
    private readonly LoopFile _file;
    private readonly MappedName _name;
    private readonly MountPath _mount;

    private HeldDisk(LinuxKernel kernel, string name)
    {
        _kernel = kernel;
        _file = new LoopFile($"{Places.State}/{name}.held");
        _name = new MappedName($"held-{name}");
        _mount = new MountPath($"{Places.Work}/held-{name}");
    }

    /// <summary>Moves <paramref name="path"/> to such a disk; what stays in its place is a link.</summary>
    /// <param name="readable">How many of its bytes can be read.</param>
    public static async Task<HeldDisk> Keep(AgentFixture agent, string path, int readable)
    {
        var disk = new HeldDisk(agent.Kernel, Path.GetFileName(path)[..8]);
        await disk.Fill(path);
        // Read-only, and with nothing of it in memory but what the test reads.
        var kept = $"{disk._mount}/kept";
        await Shell.Must("/bin/sh", "-c", string.Create(
            CultureInfo.InvariantCulture,
            $"mount -o remount,ro '{disk._mount}' && echo 3 > /proc/sys/vm/drop_caches && head -c {readable} '{kept}' "
            + $">/dev/null && ls -lL '{path}' >/dev/null"));
        agent.Kernel.Suspend(disk._name, freeze: false).Must();
        return disk;
    }

    /// <summary>All of it can be read.</summary>
    public void LetGo() => _kernel.Resume(_name).Must();

    /// <summary>Also under an import that still reads after a test that failed: it hides nothing of that.</summary>
    public ValueTask DisposeAsync()
    {
        LetGo();
        _kernel.Unmount(_mount, detach: true).Must();
        _kernel.Remove(_name, deferred: true).Must();
        _kernel.DetachLoop(_file).Must();
        _kernel.DeleteFile(_file).Must();
        return ValueTask.CompletedTask;
    }

    private async Task Fill(string path)
    {
        var size = ByteSize.MiB(16 + (2 * (ulong)new FileInfo(path).Length >> 20));
        _kernel.CreateFile(_file, size).Must();
        var loop = _kernel.AttachLoop(_file).Must();
        _kernel.OpenLinear(new LinearTable(
            _name, new MappedUuid($"TEST-{_name}"), [new LinearSegment(loop, default, size.Sectors)])).Must();
        await Shell.Must("/usr/sbin/mkfs.ext4", "-q", _name.Path.Value);
        _kernel.Mount(_name.Path, _mount, FileSystemKind.Ext4, readOnly: false).Must();
        await Shell.Must("/bin/mv", path, $"{_mount}/kept");
        File.CreateSymbolicLink(path, $"{_mount}/kept");
    }
}
