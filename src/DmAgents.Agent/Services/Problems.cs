using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using Google.Protobuf;
using Grpc.Core;

namespace DmAgents.Agent.Services;

/// <summary>Converts refusals to the API's status and its Problem trailer.</summary>
internal static class Problems
{
    private const string Trailer = "dmagents-problem-bin";

    public static Problem.Types.Kind KindOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => Problem.Types.Kind.Usage,
        RefusalKind.NotFound => Problem.Types.Kind.NotFound,
        RefusalKind.Exists or RefusalKind.WrongState => Problem.Types.Kind.Refused,
        RefusalKind.NoSpace => Problem.Types.Kind.NoSpace,
        RefusalKind.Busy => Problem.Types.Kind.Busy,
        RefusalKind.TimedOut => Problem.Types.Kind.TimedOut,
        _ => Problem.Types.Kind.Failed,
    };

    public static RpcException Of(Refusal refusal) =>
        Of(KindOf(refusal.Kind), refusal.What, refusal.Subject, refusal.Why, refusal.Next);

    public static RpcException Of(string what, string subject, KernelError error) => Of(
        error.Fault switch
        {
            KernelFault.NotFound => Problem.Types.Kind.NotFound,
            KernelFault.NoSpace => Problem.Types.Kind.NoSpace,
            KernelFault.Busy => Problem.Types.Kind.Busy,
            KernelFault.TimedOut => Problem.Types.Kind.TimedOut,
            _ => Problem.Types.Kind.Failed,
        },
        what, subject, error.ToString(), "see the kernel's log (dmesg), then try again");

    public static RpcException Usage(string what, string subject, string why, string next) =>
        Of(Problem.Types.Kind.Usage, what, subject, why, next);

    public static RpcException NotFound(string what, string subject, string why, string next) =>
        Of(Problem.Types.Kind.NotFound, what, subject, why, next);

    public static RpcException Of(Problem.Types.Kind kind, string what, string subject, string why, string next)
    {
        // A request may lack the very name that a problem would be about.
        if (subject.Length == 0)
            subject = "(no name)";
        var problem = new Problem { Kind = kind, What = what, Object = subject, Why = why, Next = next };
        var code = kind switch
        {
            Problem.Types.Kind.Usage => StatusCode.InvalidArgument,
            Problem.Types.Kind.NotFound => StatusCode.NotFound,
            Problem.Types.Kind.Refused => StatusCode.FailedPrecondition,
            Problem.Types.Kind.NoSpace => StatusCode.ResourceExhausted,
            Problem.Types.Kind.Busy => StatusCode.Aborted,
            Problem.Types.Kind.Unavailable => StatusCode.Unavailable,
            Problem.Types.Kind.TimedOut => StatusCode.DeadlineExceeded,
            _ => StatusCode.Internal,
        };
        return new RpcException(
            new Status(code, $"{what}: {subject}: {why}"), new Metadata { { Trailer, problem.ToByteArray() } });
    }
}
