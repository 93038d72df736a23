using DmAgents.Actors.Hosts;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;

namespace DmAgents.Agent.UseCases;

/// <summary>Connects the API with the actors: names become pools, requests become commands, and every wait has a
/// deadline. Reads do not use it: they use the <see cref="PoolBoard"/>.</summary>
public sealed class PoolGateway(HostPools pools, TimeProvider time)
{
    /// <summary>Before the second try of a removal; the pause grows by this after each try.</summary>
    private static readonly TimeSpan RemovalPause = TimeSpan.FromSeconds(1);

    /// <summary>With pauses of a second, two, three, ...: half a minute, besides the wait of each try.</summary>
    private const int RemovalTries = 8;

    public DateTimeOffset Now => time.GetUtcNow();

    public PoolBoard Board => pools.Board;

    /// <summary>The pool of that name; if it is empty, the only one.</summary>
    public PoolPicture Resolve(string what, string name)
    {
        if (name.Length == 0)
            return Only(what);
        if (!PoolName.TryParse(name, out var pool))
            throw Refusals.Invalid(
                what, name, $"it is not a pool's name: {PoolName.Rule}", "list them: dmagent pool list");
        return Board.Find(pool)
            ?? throw Refusals.NotFound(what, name, "there is no pool of this name", "list them: dmagent pool list");
    }

    /// <summary>The pools to list: the named one, or all.</summary>
    public IEnumerable<PoolPicture> Several(string what, string name) =>
        name.Length == 0 ? Board.All : [Resolve(what, name)];

    /// <summary>Returns the command's reply; throws if it is a refusal.</summary>
    public async Task<TReply> Ask<TReply>(PoolName pool, PoolCommand<TReply> command, CancellationToken cancellation)
        where TReply : PoolReplies.Success =>
        Unwrap<TReply>(await Request(pool, command, cancellation).ConfigureAwait(false));

    /// <summary>Creates an object that only this caller knows. If the caller disconnects, or waits longer than a
    /// request may take, an object that appears late is removed: until then the owner counts as work under
    /// way.</summary>
    /// <param name="made">The object that the command creates.</param>
    /// <param name="owner">The request that the command is a part of.</param>
    public async Task<TReply> Make<TReply>(
        PoolName pool, PoolCommand<TReply> command, DeviceKey made, RequestId owner, CancellationToken cancellation)
        where TReply : PoolReplies.Success
    {
        var asked = pools.AskPatiently(pool, command, CancellationToken.None);
        try
        {
            return Unwrap<TReply>(await InTime(pool, asked, cancellation).ConfigureAwait(false));
        }
        catch (Exception gone) when (gone is OperationCanceledException or RefusedException && IsUnknown(asked))
        {
            _ = TakeBack(pool, asked, made, Board.Work.Begin(pool, owner));
            throw;
        }
    }

    /// <summary>Returns the pool's answer however long it takes, unless the pool stops first.</summary>
    public async Task<TReply> AskPatiently<TReply>(PoolName pool, PoolCommand<TReply> command)
        where TReply : PoolReplies.Success =>
        Unwrap<TReply>(await pools.AskPatiently(pool, command, CancellationToken.None).ConfigureAwait(false));

    /// <summary>Waits for running work as long as a request may take. The work continues after the timeout.</summary>
    public async Task<T> InTime<T>(PoolName pool, Task<T> goingOn, CancellationToken cancellation)
    {
        if (await pools.InTime(pool, goingOn, cancellation).ConfigureAwait(false) is { } refusal)
            throw Refusals.Of(refusal);
        return await goingOn.ConfigureAwait(false);
    }

    private static bool IsUnknown(Task<PoolReply> asked) => !asked.IsCompletedSuccessfully
        || asked.Result is PoolReplies.Refused { Refusal.Kind: RefusalKind.TimedOut };

    private async Task TakeBack(PoolName pool, Task<PoolReply> asked, DeviceKey key, IDisposable work)
    {
        using (work)
        {
            // A refusal has left nothing; if the pool stopped before it answered, the outcome is unknown.
            var reply = await asked.ConfigureAwait(false);
            if (reply is not PoolReplies.Refused || IsUnknown(asked))
                await Remove(pool, key).ConfigureAwait(false);
        }
    }

    /// <summary>Removes an object that only this process knows, and retries while the pool is busy or restarting. If
    /// the process ends first, the next opening removes the object.</summary>
    /// <returns>Why it stays; null if it is gone.</returns>
    public async Task<Refusal?> Remove(PoolName pool, DeviceKey key)
    {
        var removal = new PoolCommands.Remove(new RequestId(Guid.NewGuid()), key, Force: true, Now);
        for (var tries = 1; ; tries++)
        {
            var reply = await Request(pool, removal, CancellationToken.None).ConfigureAwait(false);
            if (reply is not PoolReplies.Refused { Refusal: var refusal } || refusal.Kind == RefusalKind.NotFound)
                return null;
            if (refusal.Kind is not (RefusalKind.Busy or RefusalKind.TimedOut) || tries == RemovalTries)
                return refusal;
            await Task.Delay(RemovalPause * tries, time, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Returns the pool's answer. Without an answer in time it returns a refusal of kind TimedOut: the outcome
    /// is unknown, and the caller may retry with the same request id.</summary>
    public Task<PoolReply> Request(PoolName pool, PoolCommand command, CancellationToken cancellation) =>
        pools.Ask(pool, command, cancellation);

    /// <summary>Journals the outcome of a backup. A refusal is only logged.</summary>
    public async Task Note(PoolName pool, BackupOutcome outcome, DateTimeOffset at, ILogger log)
    {
        var command = new PoolCommands.NoteBackup(new RequestId(Guid.NewGuid()), outcome, at);
        var reply = await Request(pool, command, CancellationToken.None).ConfigureAwait(false);
        if (reply is PoolReplies.Refused { Refusal: var refusal })
            log.BackupNotJournaled(pool, refusal);
    }

    /// <summary>The id that identifies retries of a request; chosen by the caller.</summary>
    public static RequestId RequestOf(string what, string text) => Guid.TryParse(text, out var id)
        ? new RequestId(id)
        : throw Refusals.Invalid(what, "request_id", $"'{text}' is no UUID", "give a new UUID for each change");

    /// <summary>Whether the request was done for a caller that missed the reply and retries. The object of the request
    /// may be gone since, by this very request: a caller checks this before it looks for the object.</summary>
    public static bool WasDone(PoolPicture pool, RequestId request) => pool.State.Knows(request);

    /// <summary>The pool's identity; refused until its journal has been read.</summary>
    public static PoolIdentity IdentityOf(string what, PoolPicture pool) => pool.State.Identity
        ?? throw Refusals.Because(RefusalKind.Busy, what, pool.Name.Value, pool.Reason, "try again in a moment");

    /// <summary>The device of that key, or NotFound.</summary>
    public static DeviceRecord Find(PoolPicture pool, string what, DeviceKey key) => pool.State.Find(key)
        ?? throw Refusals.NotFound(what, key.Name, $"pool {pool.Name} has no {key.Space} of this name",
            key.Space == DeviceKey.ContainerSpace
                ? "list them: dmagent container list"
                : "list them: dmagent layer list");

    private PoolPicture Only(string what)
    {
        var all = Board.All.ToList();
        return all.Count switch
        {
            1 => all[0],
            0 => throw Refusals.NotFound(what, "pool", "this host has no pool", "make one: dmagent pool create --help"),
            _ => throw Refusals.Invalid(what, "pool",
                $"this host has several pools: {string.Join(", ", all.Select(p => p.Name))}", "name one with --pool"),
        };
    }

    private static TReply Unwrap<TReply>(PoolReply reply)
        where TReply : PoolReplies.Success => reply switch
        {
            TReply done => done,
            PoolReplies.Refused refused => throw Refusals.Of(refused.Refusal),
            _ => throw new InvalidOperationException("a reply of another command"),
        };
}
