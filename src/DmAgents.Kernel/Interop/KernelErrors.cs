using DmAgents.Domain.Ports;

namespace DmAgents.Kernel.Interop;

/// <summary>The one place that maps an error number to a fault.</summary>
internal static class KernelErrors
{
    public static KernelFault FaultOf(int errno) => errno switch
    {
        Errno.Busy or Errno.TextBusy or Errno.NotEmpty => KernelFault.Busy,
        Errno.NoEntry or Errno.NoDeviceOrAddress or Errno.NoData or Errno.NoDevice or Errno.NoProcess
            or Errno.NotDirectory => KernelFault.NotFound,
        Errno.Exists => KernelFault.Exists,
        Errno.NoSpace or Errno.Quota or Errno.FileTooBig => KernelFault.NoSpace,
        Errno.ReadOnlyFileSystem => KernelFault.ReadOnly,
        Errno.Invalid or Errno.Domain or Errno.Range or Errno.NameTooLong or Errno.IsDirectory
            or Errno.Overflow => KernelFault.Invalid,
        Errno.NotSupported or Errno.NoSystemCall or Errno.NotTerminal => KernelFault.NotSupported,
        Errno.NotPermitted or Errno.AccessDenied => KernelFault.NotPermitted,
        Errno.TimedOut => KernelFault.TimedOut,
        _ => KernelFault.Failed,
    };

    /// <summary>Maps an exception of .NET's own file calls.</summary>
    public static KernelError From(Exception cause, string operation, string subject) => cause switch
    {
        // .NET passes errno on unchanged, except for numbers with an exception type of their own.
        IOException { HResult: > 0 } refused => From(refused.HResult, operation, subject, cause.Message),
        UnauthorizedAccessException => From(Errno.AccessDenied, operation, subject, cause.Message),
        _ => new KernelError(KernelFault.Failed, 0, operation, subject, cause.Message),
    };

    public static KernelError From(int errno, string operation, string subject, string detail = "") =>
        new(FaultOf(errno), errno, operation, subject, detail);
}
