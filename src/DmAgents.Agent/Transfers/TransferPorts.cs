using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.Transfers;

/// <summary>Connects the pools' actors, which answer by tasks, with the ports of transfers. The ports are called on
/// threads that may block, since they also read and write disks.</summary>
internal static class TransferPorts
{
    /// <summary>Blocks this thread until the answer.</summary>
    public static T Wait<T>(Func<Task<T>> ask) => Task.Run(ask).GetAwaiter().GetResult();

    /// <summary>Like the other overload; a refusal becomes the port's error.</summary>
    public static KernelResult<T> Wait<T>(string operation, string subject, Func<Task<KernelResult<T>>> ask)
    {
        try
        {
            return Wait(ask);
        }
        catch (RefusedException refused)
        {
            return ErrorOf(operation, subject, refused.Refusal);
        }
    }

    public static KernelResult Wait(string operation, string subject, Func<Task<KernelResult>> ask)
    {
        try
        {
            return Wait(ask);
        }
        catch (RefusedException refused)
        {
            return ErrorOf(operation, subject, refused.Refusal);
        }
    }

    public static KernelError ErrorOf(string operation, string subject, Refusal refusal) => new(
        refusal.Kind switch
        {
            RefusalKind.NoSpace => KernelFault.NoSpace,
            RefusalKind.NotFound => KernelFault.NotFound,
            RefusalKind.Busy => KernelFault.Busy,
            RefusalKind.Exists => KernelFault.Exists,
            RefusalKind.TimedOut => KernelFault.TimedOut,
            RefusalKind.Invalid => KernelFault.Invalid,
            _ => KernelFault.Failed,
        },
        Errno: 0, operation, subject, refusal.ToString());
}
