using System.Net.Sockets;
using System.Text;
using DmAgents.Api.Admin.V1;
using Google.Protobuf;
using Grpc.Core;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;

namespace DmAgents.Cli.Agent;

/// <summary>Extracts the problem from a failed call.</summary>
internal static class Problems
{
    public const string Trailer = "dmagents-problem-bin";

    public static Problem Of(RpcException failure, AgentCall call)
    {
        if (InTrailer(failure) is { } told)
            return told;
        if (Innermost<SocketException>(failure.Status.DebugException) is { } socket && !call.Answered)
            return Unreachable(call, socket);
        return failure.StatusCode switch
        {
            StatusCode.DeadlineExceeded => TimedOut(call),
            StatusCode.Cancelled when call.FellSilent => TimedOut(call),
            StatusCode.Cancelled => Untold(call, Kind.Failed, "interrupted", OutcomeUnknown(call)),
            StatusCode.Unimplemented => Untold(
                call, Kind.Failed, "the agent does not know this call: it is of another version",
                "compare `dmagent --version` with `dmagent host status`"),
            StatusCode.Unavailable => Untold(
                call, Kind.Unavailable, "the agent went away during the call", OutcomeUnknown(call)),
            StatusCode.PermissionDenied or StatusCode.Unauthenticated => Untold(
                call, Kind.Refused, failure.Status.Detail, "be root or in the group dmagents"),
            _ => Untold(
                call, Kind.Failed, Sentence(failure), "see the agent's log: journalctl -u dmagentd"),
        };
    }

    private static Problem? InTrailer(RpcException failure)
    {
        if (failure.Trailers.GetValueBytes(Trailer) is not { } bytes)
            return null;
        try
        {
            return Problem.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            // Without a problem in the trailer, only the status is available.
            return null;
        }
    }

    private static Problem Unreachable(AgentCall call, SocketException failure)
    {
        var (why, next) = failure.SocketErrorCode switch
        {
            // The runtime's name for ENOENT.
            SocketError.AddressNotAvailable => (
                "there is no such socket: the agent does not run, or listens elsewhere",
                "systemctl start dmagentd, or name its socket with --socket"),
            SocketError.ConnectionRefused => (
                "the socket is there, but no process listens on it: the agent has stopped",
                "systemctl start dmagentd"),
            SocketError.AccessDenied => (
                "no permission to use the socket",
                "be root or in the group dmagents: usermod -aG dmagents $USER, then log in again"),
            // The runtime has no code of its own for ENOTDIR.
            _ when !Path.Exists(call.Socket) => (
                "there is no such socket: a part of its path is no directory", "name the agent's socket with --socket"),
            _ => (failure.Message, "systemctl status dmagentd"),
        };
        return new Problem
        {
            Kind = Kind.Unavailable,
            What = "agent unreachable",
            Object = call.Socket,
            Why = why,
            Next = next,
        };
    }

    private static Problem TimedOut(AgentCall call) =>
        Untold(call, Kind.TimedOut, "no answer in time", OutcomeUnknown(call));

    private static Problem Untold(AgentCall call, Kind kind, string why, string next) =>
        new() { Kind = kind, What = call.What, Object = call.Subject, Why = why, Next = next };

    private static string OutcomeUnknown(AgentCall call) => call.RequestIdInUse is { } id
        ? $"whether it was done is unknown: run the same command with --request-id {id} to learn or finish it"
        : "try again, or with a longer --timeout";

    private static string Sentence(RpcException failure)
    {
        var text = new StringBuilder(failure.StatusCode.ToString());
        if (failure.Status.Detail.Length > 0)
            text.Append(": ").Append(failure.Status.Detail);
        return text.ToString();
    }

    private static T? Innermost<T>(Exception? at) where T : Exception
    {
        for (; at is not null; at = at.InnerException)
        {
            if (at is T found)
                return found;
        }

        return null;
    }
}
