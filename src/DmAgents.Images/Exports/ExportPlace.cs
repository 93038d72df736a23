using System.Runtime.Versioning;
using DmAgents.Domain.Ports;

namespace DmAgents.Images.Exports;

/// <summary>The place of an export. Its content may be secret: only the agent's user can read it.</summary>
[SupportedOSPlatform("linux")]
public static class ExportPlace
{
    internal const UnixFileMode OwnersFolder =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // .NET keeps errno in HResult if it has no exception type for the number.
    private const int NoSpaceErrno = 28;
    private const int QuotaErrno = 122;

    /// <summary>Begins an export's files. Deletes leftovers of crashed exports to the same path.</summary>
    /// <param name="path">Absolute; it must not exist, and its folder must.</param>
    /// <param name="isFolder">Creates a folder, not a tar.</param>
    /// <exception cref="ImageException">The export cannot be created there.</exception>
    public static IExportFiles Open(string path, bool isFolder, IDurableFiles durable) => Guard(path, () =>
    {
        if (!Directory.Exists(Path.GetDirectoryName(path)))
        {
            throw new ImageException(
                ImageReason.NotFound, $"There is no directory {Path.GetDirectoryName(path)}",
                "Make it, or give another path");
        }
        RequireFree(path);
        ExportClaim.DeleteLeftOf(path);
        var claim = ExportClaim.Of(path);
        try
        {
            return isFolder
                ? (IExportFiles)new FolderFiles(path, claim, durable)
                : new TarFiles(path, claim, durable);
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    });

    /// <summary>Runs the writing of an export, and turns disk errors into messages for the operator.</summary>
    public static T Guard<T>(string path, Func<T> write)
    {
        try
        {
            return write();
        }
        catch (IOException full) when (full.HResult is NoSpaceErrno or QuotaErrno)
        {
            throw new ImageException(
                ImageReason.NoSpace, $"The disk of {path} is full", "Free space there, or export to another disk",
                full);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new ImageException(
                ImageReason.Failed, $"{path} cannot be written: {cause.Message.TrimEnd('.')}",
                "Give a path in a directory that the agent can write to", cause);
        }
    }

    /// <exception cref="ImageException">The sync failed.</exception>
    internal static void Sync(IDurableFiles durable, string folder)
    {
        if (durable.SyncDirectory(folder).Error is { } error)
        {
            throw new ImageException(
                error.Fault == KernelFault.NoSpace ? ImageReason.NoSpace : ImageReason.Failed,
                $"{folder} cannot be written: {error}", "Export to another disk, or try again");
        }
    }

    internal static FileStreamOptions NewFile() => new()
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.ReadWrite,
        Share = FileShare.None,
        BufferSize = 128 * 1024,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    };

    internal static void RequireFree(string path)
    {
        if (Path.Exists(path) || new FileInfo(path).LinkTarget is not null)
        {
            throw new ImageException(
                ImageReason.NotPermitted, $"{path} is there already", "Give another path, or remove it");
        }
    }
}
