using DmAgents.Agent.Configuration;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Units;
using Grpc.Core;

namespace DmAgents.Agent.Services;

/// <summary>The parts of an archive as they arrive. The limit applies to a sender's silence, not to the total time: a
/// slow sender may finish, and one that hangs occupies the call and disk space for a bounded time.</summary>
/// <param name="patience">How long the agent waits without a byte. The agent's own processing time does not
/// count.</param>
internal sealed class PatientReader(
    IAsyncStreamReader<ImportStreamRequest> messages, TimeSpan patience, TimeProvider time)
    : IAsyncStreamReader<ImportStreamRequest>
{
    private TimeSpan _silent;
    private ByteSize _received;

    /// <summary>The archive's name in messages.</summary>
    public string Origin { get; set; } = "standard input";

    public ImportStreamRequest Current => messages.Current;

    /// <exception cref="RpcException">No byte arrived within the limit.</exception>
    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        var left = patience > _silent ? patience - _silent : TimeSpan.Zero;
        using var silence = new CancellationTokenSource(left, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
        var asked = time.GetTimestamp();
        try
        {
            if (!await messages.MoveNext(either.Token).ConfigureAwait(false))
                return false;
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException
            && silence.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Stalled();
        }
        var bytes = (ulong)(Current.Data?.Length ?? 0);
        _silent = bytes > 0 ? TimeSpan.Zero : _silent + time.GetElapsedTime(asked);
        _received = new ByteSize(_received.Bytes + bytes);
        return true;
    }

    private RpcException Stalled() => Problems.Of(
        Problem.Types.Kind.Failed, "cannot import image", Origin,
        $"no byte has come for {DurationText.Of(patience)}, after {_received} of it",
        "check the command that sends it, then import it again; if that command needs longer pauses, set "
        + "image.sender-timeout to more");
}
