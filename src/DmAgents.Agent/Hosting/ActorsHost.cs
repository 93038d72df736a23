using Akka.Actor;
using Akka.Configuration;
using DmAgents.Actors;
using DmAgents.Actors.Events;
using DmAgents.Actors.Hosts;
using DmAgents.Actors.Journals;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.Hosting;

/// <summary>Runs the actor system within the daemon.</summary>
/// <param name="more">HOCON that takes precedence over the daemon's own; for tests.</param>
internal sealed class ActorsHost(
    AgentSettings settings, IKernel kernel, IDurableFiles files, PoolBoard board, HostEventLog events,
    HostPools pools, OwnerlessPools ownerless, TimeProvider time, StartReport report, ILoggerFactory loggers,
    Config? more = null)
    : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ILogger _log = loggers.CreateLogger<ActorsHost>();
    private ActorSystem? _system;
    private Thread? _watch;

    /// <summary>How long the agent waits for its pools before it serves. A client that finds a pool still opening must
    /// retry, and a pool whose disk is missing must not block the others.</summary>
    private static readonly TimeSpan OpeningPatience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan OpeningLook = TimeSpan.FromMilliseconds(500);

    /// <summary>Pools stop waiting by themselves at the deadline of the stop, and report it.</summary>
    private static readonly TimeSpan StopMargin = TimeSpan.FromSeconds(5);

    /// <summary>How long one request waits for its answer. A lost answer does no harm: the next request
    /// follows.</summary>
    private static readonly TimeSpan QuestionPatience = TimeSpan.FromSeconds(5);

    /// <summary>Returns when the host's pools are open, or the reason is known why they are not.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        report.Awaits("the actor system starts");
        _system = ActorSystem.Create("dmagents", BootstrapSetup.Create().WithConfig(Configuration())
            .And(new AkkaLogSetup(loggers)).And(JournalDatabase.Connections(settings)));
        _system.ActorOf(EventLogActor.Props(events), "events");
        var sweeper = _system.ActorOf(
            JournalSweeper.Props(
                new SqliteJournalRows(settings), settings.Journal, time, settings.Pools.RetryInterval), "sweeper");
        var host = HostActor.Props(
            (name, uuid) => new PoolSetup(
                name, uuid, settings.StateDirectory, kernel, files, time, settings.Pools, board),
            time, sweeper);
        pools.Start(_system, host, settings.Pools.RetryInterval);
        await AwaitPools(cancellationToken).ConfigureAwait(false);
        foreach (var pool in ownerless.Find())
        {
            var told = OwnerlessPools.Told(pool);
            _log.PoolWithoutJournal(pool, told.What, told.Why, told.Next);
        }
        _watch = new Thread(Watch) { IsBackground = true, Name = "pool-watch" };
        _watch.Start();
    }

    /// <summary>Pools finish the work under way and record a checkpoint. Devices and mounts stay as they are.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // A second stop has nothing to do.
        if (Interlocked.Exchange(ref _system, null) is not { } system)
            return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        var haveStopped = await StopPools(cancellationToken).ConfigureAwait(false);
        var hasEnded = await system.Terminate().EndsWithin(settings.StopDeadline, cancellationToken)
            .ConfigureAwait(false);
        if (!haveStopped || !hasEnded)
            _log.PoolsNotStopped();
    }

    private async Task<bool> StopPools(CancellationToken cancellation)
    {
        try
        {
            return await pools.Stop(settings.StopDeadline + StopMargin, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        _stopping.Cancel();
        // It ends at once; disposing the token before its end would terminate the process.
        _watch?.Join();
        _stopping.Dispose();
    }

    private Config Configuration() => (more ?? Config.Empty)
        .WithFallback(JournalDatabase.Configuration(settings))
        .WithFallback(ConfigurationFactory.ParseString($$"""
            akka {
              loggers = ["{{typeof(AkkaLogBridge).AssemblyQualifiedName}}"]
              loglevel = {{LevelName(settings.LogLevel)}}
              coordinated-shutdown.run-by-clr-shutdown-hook = off
            }
            """))
        .WithFallback(ActorsConfig.Default);

    /// <summary>The timeout for opening starts when the host's pools are known: before that there is nothing to
    /// serve.</summary>
    private async Task AwaitPools(CancellationToken cancellation)
    {
        long? known = null;
        while (true)
        {
            // Asked anew each time: a pool that was never created may have been forgotten meanwhile.
            if (await pools.Known(QuestionPatience, cancellation).ConfigureAwait(false) is not { } names)
            {
                report.Awaits("the host's journal is replayed");
                continue;
            }
            known ??= time.GetTimestamp();
            var opening = names.Where(pool => board.Find(pool) is null or { Phase: PoolPhase.Opening }).ToList();
            if (opening.Count == 0 || time.GetElapsedTime(known.Value) >= OpeningPatience)
                return;
            report.Awaits($"pools open: {string.Join(", ", opening)}");
            await AwaitOpening(opening[0], cancellation).ConfigureAwait(false);
        }
    }

    private async Task AwaitOpening(PoolName pool, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(OpeningLook);
        try
        {
            await board.When(pool, picture => picture is { Phase: not PoolPhase.Opening }, patience.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The next iteration asks the host whether it still has the pool.
        }
    }

    private void Watch()
    {
        if (new PoolWatch(kernel, board).Run(_stopping.Token) is { } error)
            _log.PoolEventsNotWatched(settings.Pools.StatusInterval, error);
    }

    private static string LevelName(LogLevel level) => level switch
    {
        LogLevel.Debug or LogLevel.Trace => "DEBUG",
        LogLevel.Information => "INFO",
        LogLevel.Warning => "WARNING",
        _ => "ERROR",
    };
}
