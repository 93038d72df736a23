using System.Collections.Immutable;
using Akka.Actor;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Hosts;

/// <summary>Access to a host's pools within its process: commands return values, and every wait has a deadline. Reads
/// ask no actor: they use the <see cref="PoolBoard"/>.</summary>
/// <remarks>A command is sent directly to its pool, past <see cref="PoolsGateway"/>: of all hand-offs between threads
/// in a prepare, that one would add nothing.</remarks>
/// <param name="answerTime">How long a command waits for its answer.</param>
public sealed class HostPools(PoolBoard board, TimeSpan answerTime, TimeProvider time)
{
    private IActorRef _gateway = ActorRefs.Nobody;

    public PoolBoard Board => board;

    /// <summary>How long a command waits for its answer.</summary>
    public TimeSpan AnswerTime => answerTime;

    /// <summary>Starts the host's actors.</summary>
    /// <param name="host">Props of the host actor.</param>
    /// <param name="pause">Between the end of a host actor whose journal failed and the next try.</param>
    public void Start(ActorSystem system, Props host, TimeSpan pause) => _gateway = system.ActorOf(
        PoolsGateway.Props(HostKeeper.Props(host, pause), board), PoolsGateway.Name);

    /// <summary>The pools registered on the host, once its journal is replayed; null if that takes longer than
    /// <paramref name="patience"/>.</summary>
    public async Task<ImmutableArray<PoolName>?> Known(TimeSpan patience, CancellationToken cancellation)
    {
        try
        {
            var ready = await _gateway.Ask<HostMessages.Ready>(
                HostMessages.AwaitReady.Instance, patience, cancellation).ConfigureAwait(false);
            return ready.Pools;
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    /// <summary>Stops all pools in order.</summary>
    /// <returns>False if that takes longer than <paramref name="patience"/>.</returns>
    public async Task<bool> Stop(TimeSpan patience, CancellationToken cancellation)
    {
        try
        {
            await _gateway.Ask<HostMessages.Stopped>(HostMessages.Stop.Instance, patience, cancellation)
                .ConfigureAwait(false);
            return true;
        }
        catch (AskTimeoutException)
        {
            return false;
        }
    }

    /// <summary>Returns the pool's answer. Without an answer in time it returns a refusal of kind TimedOut: the outcome
    /// is unknown, and the caller may retry with the same request id.</summary>
    public Task<PoolReply> Ask(PoolName pool, PoolCommand command, CancellationToken cancellation)
    {
        if (PoolsGateway.IsOfHost(command))
            return InTime(_gateway, new HostMessages.ToPool(pool, command), pool, command, cancellation);
        return command is PoolCommands.Repair or PoolCommands.Trim or PoolCommands.RepairMetadata
            ? AskPatiently(pool, command, cancellation)
            : AskNow(pool, command, cancellation);
    }

    /// <summary>Returns the pool's answer however long it takes, unless the pool stops first.</summary>
    public async Task<PoolReply> AskPatiently(PoolName pool, PoolCommand command, CancellationToken cancellation)
    {
        if (NotThere(pool, command) is { } refused)
            return refused;
        var actor = board.Find(pool)!.Actor;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var answer = actor.Ask<PoolReply>(command, Timeout.InfiniteTimeSpan, end.Token);
        var stopped = board.When(pool, picture => picture is null || !picture.Actor.Equals(actor), end.Token);
        await Task.WhenAny(answer, stopped).ConfigureAwait(false);
        // The actor sends its last replies after the board shows that it has stopped.
        if (!answer.IsCompleted)
            await Task.WhenAny(answer, Task.Delay(LastWords, time, cancellation)).ConfigureAwait(false);
        var isAnswered = answer.IsCompleted;
        await end.CancelAsync().ConfigureAwait(false);
        return isAnswered
            ? await answer.ConfigureAwait(false)
            : Unknown(pool, command, "the pool stopped before it answered");
    }

    /// <summary>Waits for running work as long as a request may take. The work continues after the timeout.</summary>
    /// <returns>A refusal if it takes longer; else null.</returns>
    public async Task<Refusal?> InTime(PoolName pool, Task goingOn, CancellationToken cancellation)
    {
        try
        {
            await goingOn.WaitAsync(answerTime, time, cancellation).ConfigureAwait(false);
            return null;
        }
        catch (TimeoutException)
        {
            return new Refusal(RefusalKind.TimedOut, "no answer in time", pool.Value, NoAnswer,
                $"see what holds it: dmagent pool show {pool}");
        }
    }

    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private string NoAnswer => $"the pool did not answer within {answerTime.TotalSeconds:0} s";

    private Task<PoolReply> AskNow(PoolName pool, PoolCommand command, CancellationToken cancellation) =>
        NotThere(pool, command) is { } refused
            ? Task.FromResult<PoolReply>(refused)
            : InTime(board.Find(pool)!.Actor, command, pool, command, cancellation);

    private async Task<PoolReply> InTime(
        IActorRef actor, object message, PoolName pool, PoolCommand command, CancellationToken cancellation)
    {
        if (actor.IsNobody())
            return Refused(command, RefusalKind.Busy, pool, "the agent is still starting", "try again in a moment");
        try
        {
            return await actor.Ask<PoolReply>(message, answerTime, cancellation).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            return Unknown(pool, command, NoAnswer);
        }
    }

    /// <summary>Refuses at once what the pool cannot answer: the caller would wait until its timeout.</summary>
    private PoolReplies.Refused? NotThere(PoolName pool, PoolCommand command) => board.Find(pool) switch
    {
        null => Refused(
            command, RefusalKind.NotFound, pool, "there is no pool of this name", "list them: dmagent pool list"),
        { Actor: var actor, Reason: var reason } when actor.IsNobody() => Refused(
            command, RefusalKind.Busy, pool, $"it starts again: {reason}", "try again in a few seconds"),
        _ => null,
    };

    private static PoolReplies.Refused Refused(
        PoolCommand command, RefusalKind kind, PoolName pool, string why, string next) =>
        new(command.Request, new Refusal(kind, "cannot use pool", pool.Value, why, next));

    private static PoolReplies.Refused Unknown(PoolName pool, PoolCommand command, string why) => new(
        command.Request, new Refusal(
            RefusalKind.TimedOut, "no answer in time", pool.Value, $"{why}; whether it was done is unknown",
            "the same request id again gives the answer; see also: dmagent pool show"));
}
