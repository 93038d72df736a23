using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;
using DmAgents.Actors;

namespace DmAgents.Bench.Snapshots;

/// <summary>The ways that a request goes inside the agent, each by itself and with nothing to do at its end.</summary>
internal sealed class PathMeter : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly ActorSystem _system = ActorSystem.Create(
        "paths",
        ConfigurationFactory.ParseString("akka { loglevel = WARNING, stdout-loglevel = WARNING }")
            .WithFallback(ActorsConfig.Default));
    private readonly IActorRef _parent;
    private readonly FileStream _file;
    private readonly byte[] _page = new byte[4096 + 24];

    /// <param name="file">On the disk that has the journal.</param>
    public PathMeter(string file)
    {
        _parent = _system.ActorOf(Props.Create(() => new Parent()), "parent");
        _file = new FileStream(file, FileMode.Create);
        // Allocated beforehand, as SQLite's log is when it begins again.
        _file.Write(new byte[4 << 20]);
        _file.Flush(flushToDisk: true);
    }

    /// <summary>A question to an actor and its answer.</summary>
    public Task<long> Ask() => Measure(new Parent.Echo());

    /// <summary>An actor that is made for one piece of work on threads that may block, and stopped after it.</summary>
    public Task<long> MakeChild() => Measure(new Parent.MakeChild());

    /// <summary>The same, of an actor that is there.</summary>
    public Task<long> AskChild() => Measure(new Parent.AskChild());

    /// <summary>A page written and made durable, as SQLite does it for a commit.</summary>
    public long Sync()
    {
        var begun = Stopwatch.GetTimestamp();
        if (_file.Position + _page.Length > _file.Length)
            _file.Position = 0;
        _file.Write(_page);
        _file.Flush(flushToDisk: true);
        return Stopwatch.GetTimestamp() - begun;
    }

    public async ValueTask DisposeAsync()
    {
        await _system.Terminate().ConfigureAwait(false);
        await _file.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<long> Measure(object message)
    {
        var begun = Stopwatch.GetTimestamp();
        await _parent.Ask<object>(message, Deadline).ConfigureAwait(false);
        return Stopwatch.GetTimestamp() - begun;
    }

    private sealed class Parent : UntypedActor
    {
        private static readonly Props ChildProps =
            Props.Create(() => new Child()).WithDispatcher(ActorsConfig.KernelDispatcher);

        private readonly IActorRef _kept = Context.ActorOf(ChildProps);

        public sealed record Echo;

        public sealed record MakeChild;

        public sealed record AskChild;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Echo:
                    Sender.Tell(message);
                    break;
                case MakeChild:
                    Context.ActorOf(ChildProps).Tell(new Child.Job(Sender));
                    break;
                case AskChild:
                    _kept.Tell(new Child.Job(Sender));
                    break;
                case Child.Job job:
                    job.Asker.Tell(message);
                    if (!Sender.Equals(_kept))
                        Context.Stop(Sender);
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }
    }

    private sealed class Child : UntypedActor
    {
        public sealed record Job(IActorRef Asker);

        protected override void OnReceive(object message) => Sender.Tell(message);
    }
}
