using DmAgents.Domain.Pools;
using Grpc.Core;

namespace DmAgents.Agent.Containerd;

/// <summary>Maps refusals to the statuses that containerd's callers rely on.</summary>
internal static class SnapshotStatus
{
    /// <summary>A request that can never be valid.</summary>
    public static RpcException Invalid(string what, string subject, string why) =>
        Of(StatusCode.InvalidArgument, what, subject, why);

    public static RpcException NotFound(string what, string key) =>
        Of(StatusCode.NotFound, what, key, "there is no snapshot of this key");

    public static RpcException Of(StatusCode code, string what, string subject, string why) =>
        new(new Status(code, $"{what}: {subject}: {why}"));

    public static RpcException Of(Refusal refusal) =>
        new(new Status(CodeOf(refusal.Kind), $"{refusal}; {refusal.Next}"));

    /// <summary>A garbage collection continues after FAILED_PRECONDITION, and stops at any other error: one snapshot
    /// that cannot be removed yet must not block the removal of the others.</summary>
    public static RpcException OfRemoval(Refusal refusal) => refusal.Kind == RefusalKind.Busy
        ? new RpcException(new Status(StatusCode.FailedPrecondition, $"{refusal}; {refusal.Next}"))
        : Of(refusal);

    private static StatusCode CodeOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => StatusCode.InvalidArgument,
        RefusalKind.NotFound => StatusCode.NotFound,
        RefusalKind.Exists => StatusCode.AlreadyExists,
        RefusalKind.WrongState => StatusCode.FailedPrecondition,
        RefusalKind.NoSpace => StatusCode.ResourceExhausted,
        RefusalKind.Busy => StatusCode.Unavailable,
        RefusalKind.TimedOut => StatusCode.DeadlineExceeded,
        _ => StatusCode.Internal,
    };
}
