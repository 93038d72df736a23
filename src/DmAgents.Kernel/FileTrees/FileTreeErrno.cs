using System.Runtime.InteropServices;
using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Kernel.FileTrees;

/// <summary>
/// The one place where errno becomes an outcome for file trees; the numbers are those of all Linux ports here.
/// </summary>
internal static class FileTreeErrno
{
    public const int Interrupted = 4;
    public const int NoData = 61;
    public const int Range = 34;
    public const int NotSupported = 95;

    /// <summary>The status of a call that has just returned -1.</summary>
    public static FileTreeStatus Last(string call) => Of(Marshal.GetLastPInvokeError(), call);

    public static FileTreeStatus Of(int errno, string call) => new(
        errno switch
        {
            2 => FileTreeOutcome.NotFound,
            17 => FileTreeOutcome.Exists,
            39 => FileTreeOutcome.NotEmpty,
            20 or 21 => FileTreeOutcome.WrongType,
            40 or 18 => FileTreeOutcome.NotResolved,
            28 or 122 => FileTreeOutcome.NoSpace,
            36 => FileTreeOutcome.NameTooLong,
            31 => FileTreeOutcome.TooManyLinks,
            NotSupported or 38 or 22 or 7 or 27 or Range => FileTreeOutcome.Unsupported,
            1 or 13 => FileTreeOutcome.NotPermitted,
            30 => FileTreeOutcome.ReadOnly,
            _ => FileTreeOutcome.Failed,
        },
        errno,
        call);
}
