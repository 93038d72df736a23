using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>A use case refuses a request. A service that called it over a wire converts the refusal to its own
/// terms.</summary>
internal sealed class RefusedException(Refusal refusal) : Exception(refusal.ToString())
{
    public Refusal Refusal { get; } = refusal;
}

/// <summary>Creates refusals of use cases.</summary>
internal static class Refusals
{
    public static RefusedException Of(Refusal refusal) => new(refusal);

    public static RefusedException Because(RefusalKind kind, string what, string subject, string why, string next) =>
        new(new Refusal(kind, what, subject, why, next));

    public static RefusedException Invalid(string what, string subject, string why, string next) =>
        Because(RefusalKind.Invalid, what, subject, why, next);

    public static RefusedException NotFound(string what, string subject, string why, string next) =>
        Because(RefusalKind.NotFound, what, subject, why, next);

    public static RefusedException Of(string what, string subject, KernelError error) => Because(
        error.Fault switch
        {
            KernelFault.NotFound => RefusalKind.NotFound,
            KernelFault.NoSpace => RefusalKind.NoSpace,
            KernelFault.Busy => RefusalKind.Busy,
            KernelFault.TimedOut => RefusalKind.TimedOut,
            _ => RefusalKind.Failed,
        },
        what, subject, error.ToString(), "see the kernel's log (dmesg), then try again");
}
