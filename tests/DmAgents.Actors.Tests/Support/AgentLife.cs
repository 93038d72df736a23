using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using DmAgents.Actors.Hosts;
using DmAgents.Actors.Pools;
using DmAgents.Actors.Journals;
using DmAgents.Actors.Tests.Journals;
using DmAgents.Domain.Pools;
using DmAgents.Testing.Faults;

namespace DmAgents.Actors.Tests.Support;

/// <summary>To the test's parent probe: the pool's actor has stopped.</summary>
internal sealed record PoolStopped : INoSerializationVerificationNeeded;

/// <summary>
/// One life of the agent on a host, from its start to its death: an actor system with ways of its own to journal and
/// kernel, which death cuts.
/// </summary>
internal sealed class AgentLife
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly Config Config = ConfigurationFactory.ParseString($$"""
        akka {
          loggers = ["{{typeof(AgentLog.Logger).AssemblyQualifiedName}}"]
          loglevel = INFO
          stdout-loglevel = OFF
          log-dead-letters = off
          actor {
            serialize-messages = on
            serializers.refuse = "{{typeof(RefusingSerializer).AssemblyQualifiedName}}"
            serialization-bindings { "System.Object" = refuse }
          }
          coordinated-shutdown { run-by-clr-shutdown-hook = off, run-by-actor-system-terminate = off }
          persistence {
            journal.plugin = "test-journal"
            snapshot-store.plugin = "test-snapshots"
          }
        }
        test-journal {
          class = "{{typeof(ScriptedJournal).AssemblyQualifiedName}}"
          plugin-dispatcher = "akka.actor.default-dispatcher"
        }
        test-snapshots {
          class = "{{typeof(ScriptedSnapshots).AssemblyQualifiedName}}"
          plugin-dispatcher = "akka.actor.default-dispatcher"
        }
        """).WithFallback(ActorsConfig.Default);

    private readonly ActorHost _host;
    private readonly PoolSettings _settings;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IActorRef _pool = ActorRefs.Nobody;

    public AgentLife(ActorHost host, PoolSettings settings, JournalSettings journal)
    {
        _host = host;
        _settings = settings;
        Kernel = new FaultyKernel(host.Kernel);
        Journal = new JournalLine(host.Journal);
        // Whatever is in the middle of something when the agent dies ends with this.
        Log.Expect(error => error.Cause?.GetBaseException() is AgentDiedException);
        System = ActorSystem.Create("agent", ActorSystemSetup.Create(
            BootstrapSetup.Create().WithConfig(ShakenThreads.Settings.WithFallback(Config)),
            new JournalSetup(Journal), Log));
        Sweeper = System.ActorOf(
            JournalSweeper.Props(new StoredRows(Journal), journal, TimeProvider.System, settings.RetryInterval),
            "sweeper");
        System.ActorOf(UndeliveredCommands.Props(), "undelivered");
    }

    public ActorSystem System { get; }

    public AgentLog Log { get; } = new();

    public IActorRef Sweeper { get; }

    public FaultyKernel Kernel { get; }

    public JournalLine Journal { get; }

    public PoolBoard Board { get; } = new();

    public PoolPicture Picture => Board.Find(TestHost.PoolName)
        ?? throw new InvalidOperationException("the pool has not shown itself");

    public PoolState State => Picture.State.Journaled;

    /// <summary>Done when the pool's actor has stopped for the first time.</summary>
    public Task PoolHasStopped => _stopped.Task;

    /// <summary>Starts the pool's actor, again where it has stopped, below one that tells <paramref name="parent"/>
    /// what it hears.</summary>
    public void StartPool(IActorRef parent)
    {
        var pool = PoolActor.Props(SetupOf(TestHost.PoolName, TestHost.PoolUuid));
        _pool = System.ActorOf(Props.Create(() => new Keeper(pool, parent, _stopped)));
    }

    public Props HostProps => HostActor.Props(SetupOf, TimeProvider.System, Sweeper);

    public IActorRef StartHost() => System.ActorOf(HostProps, "host");

    public PoolSetup SetupOf(PoolName name, PoolUuid uuid) => new(
        name, uuid, TestHost.StateDirectory, Kernel, _host.Files, TimeProvider.System, _settings, Board);

    /// <summary>The pool's answer.</summary>
    public Task<PoolReply> Ask(PoolCommand command) => _pool.Ask<PoolReply>(command, Patience);

    /// <summary>What the command names as its reply.</summary>
    public async Task<TReply> Done<TReply>(PoolCommand<TReply> command)
        where TReply : PoolReplies.Success => Assert.IsType<TReply>(await Done((PoolCommand)command));

    public async Task<PoolReplies.Success> Done(PoolCommand command)
    {
        var reply = await Ask(command);
        Assert.False(reply is PoolReplies.Refused, $"{reply}");
        return Assert.IsAssignableFrom<PoolReplies.Success>(reply);
    }

    public async Task<Refusal> Refused(PoolCommand command) =>
        Assert.IsType<PoolReplies.Refused>(await Ask(command)).Refusal;

    public void Tell(object message) => _pool.Tell(message);

    /// <summary>The picture that shows the phase. A closed pool is tried again by timer: a later picture may show that
    /// it is opening.</summary>
    public async Task<PoolPicture> Shows(PoolPhase phase)
    {
        PoolPicture? shown = null;
        await Eventually.Holds(
            () => (shown = Board.Find(TestHost.PoolName))?.Phase == phase,
            () => $"the pool is not {phase} but {shown?.Phase}: {shown?.Reason}");
        return shown!;
    }

    /// <summary>The pool has heard that it is to stop. What ends after this ends during the stop.</summary>
    public async Task Stops()
    {
        Tell(PoolMessages.Stop.Instance);
        await Shows(PoolPhase.Stopping);
    }

    public Task IsWrongPool() => Eventually.Holds(
        () => Board.Find(TestHost.PoolName)?.Phase == PoolPhase.WrongPool,
        () => $"the pool is {Board.Find(TestHost.PoolName)?.Phase}");

    public Task IsOpen() => Eventually.Holds(() => Board.Find(TestHost.PoolName)?.Phase == PoolPhase.Open,
        () => $"the pool is not open but {Board.Find(TestHost.PoolName)?.Phase}, "
            + Board.Find(TestHost.PoolName)?.Reason);

    /// <summary>The process is gone between two instructions: nothing is finished, nobody is told.</summary>
    public async Task Die()
    {
        // An actor whose write is cut off may stop before its system does.
        var from = TimeProvider.System.GetUtcNow().UtcDateTime;
        Log.Expect(error => error.Timestamp >= from
            && $"{error.Message}".Contains("stopped by itself", StringComparison.Ordinal));
        Journal.Cut();
        Kernel.DieAtStep(0);
        await System.Terminate().WaitAsync(Patience);
    }

    /// <summary>Stands where the host actor stands.</summary>
    private sealed class Keeper(Props pool, IActorRef parent, TaskCompletionSource stopped) : UntypedActor
    {
        private IActorRef _pool = ActorRefs.Nobody;

        protected override void PreStart() => _pool = Context.Watch(Context.ActorOf(pool, "pool"));

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

        protected override void OnReceive(object message)
        {
            if (message is Terminated)
            {
                parent.Tell(new PoolStopped());
                stopped.TrySetResult();
            }
            else if (Sender.Equals(_pool))
            {
                parent.Forward(message);
            }
            else
            {
                _pool.Forward(message);
            }
        }
    }
}
