using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Testing.Simulation;

/// <summary>Files in mounted file systems, for tests. Names are flat, but that
/// "directory/name" is seen as "name" where only the directory is mounted; what is written is dirty until a
/// sync.</summary>
public sealed partial class SimulatedKernel
{
    /// <summary>Makes the file's content these bytes, in the blocks that it has already as far as they go.</summary>
    public KernelResult WriteFile(MountPath mounted, string name, ReadOnlySpan<byte> bytes)
    {
        var copy = bytes.ToArray();
        return OnFiles("write", mounted, name, fileSystem =>
        {
            var inside = NameIn(mounted, name);
            var errno = fileSystem.Truncate(inside, (ulong)copy.Length);
            return errno == Errno.None ? fileSystem.WriteAt(inside, 0, copy) : errno;
        });
    }

    /// <summary>Overwrites a part of the file, or makes it longer.</summary>
    public KernelResult PatchFile(MountPath mounted, string name, ulong offset, ReadOnlySpan<byte> bytes)
    {
        var copy = bytes.ToArray();
        return OnFiles("write", mounted, name, fileSystem => fileSystem.WriteAt(NameIn(mounted, name), offset, copy));
    }

    public KernelResult DeleteFile(MountPath mounted, string name) =>
        OnFiles("unlink", mounted, name, fileSystem => fileSystem.Delete(NameIn(mounted, name)));

    public KernelResult<byte[]> ReadFile(MountPath mounted, string name) =>
        Run("read", $"{mounted}/{name}", () =>
            (OnMount(mounted, fileSystem => (fileSystem.Read(NameIn(mounted, name), out var bytes), bytes),
                out var content), content));

    public KernelResult<IReadOnlyList<string>> ListFiles(MountPath mounted) =>
        Run<IReadOnlyList<string>>("list", mounted, () =>
            (OnMount(mounted, fileSystem => (Errno.None, Shown(mounted, fileSystem)), out var names), names));

    private List<string> Shown(MountPath mounted, MountedFileSystem fileSystem)
    {
        var directory = NameIn(mounted, "");
        return [.. fileSystem.FileNames.Where(name => name.StartsWith(directory, StringComparison.Ordinal))
            .Select(name => name[directory.Length..])];
    }

    /// <summary>The size of the file system.</summary>
    public KernelResult<ByteSize> SizeOf(MountPath mounted) => Run("statfs", mounted, () =>
        (OnMount(mounted, fileSystem => (Errno.None, new ByteSize(fileSystem.Image.SizeInBytes)), out var size), size));

    private KernelResult OnFiles(
        string operation, MountPath mounted, string name, Func<MountedFileSystem, Errno> call) =>
        Run(operation, $"{mounted}/{name}", () =>
            OnMount(mounted, fileSystem => (call(fileSystem), true), out _));
}
