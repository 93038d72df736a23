using System.Runtime.InteropServices;
using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Kernel.FileTrees;

/// <summary>
/// The one place that maps errno to an outcome for file trees. The numbers are the same on all supported Linux ports.
/// </summary>
internal static class FileTreeErrno
{
    public const int NotPermitted = 1;
    public const int Interrupted = 4;
    public const int TooBig = 7;
    public const int NoAccess = 13;
    public const int Invalid = 22;
    public const int NoSpace = 28;
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
            NoSpace or 122 => FileTreeOutcome.NoSpace,
            36 => FileTreeOutcome.NameTooLong,
            31 => FileTreeOutcome.TooManyLinks,
            NotSupported or 38 or Invalid or TooBig or 27 or Range => FileTreeOutcome.Unsupported,
            NotPermitted or NoAccess => FileTreeOutcome.NotPermitted,
            30 => FileTreeOutcome.ReadOnly,
            _ => FileTreeOutcome.Failed,
        },
        errno,
        call);
}
