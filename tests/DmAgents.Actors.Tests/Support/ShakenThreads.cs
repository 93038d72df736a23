using Akka.Configuration;
using Akka.Dispatch;
using DmAgents.Testing.Faults;

namespace DmAgents.Actors.Tests.Support;

/// <summary>The threads of .NET's pool, on which some actors' turns begin late: see <see cref="Shake"/>.</summary>
/// <remarks>An actor takes one turn at a time, so that the order of its messages stays as it is.</remarks>
public sealed class ShakenThreads(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    /// <summary>The HOCON that goes before an actor system's own: empty, unless tests are shaken.</summary>
    public static string Text { get; } = Shake.IsOn
        ? $"\nakka.actor.default-dispatcher.executor = \"{typeof(ShakenThreads).AssemblyQualifiedName}\"\n"
        : "";

    /// <summary>As <see cref="Text"/>.</summary>
    public static Config Settings { get; } = ConfigurationFactory.ParseString(Text);

    public override ExecutorService Produce(string id) => new Executor(id);

    private sealed class Executor(string id) : ExecutorService(id)
    {
        public override void Execute(IRunnable run)
        {
            if (Shake.Next() is { Ticks: > 0 } late)
                _ = Task.Delay(late).ContinueWith(_ => run.Run(), TaskScheduler.Default);
            else
                ThreadPool.UnsafeQueueUserWorkItem(_ => run.Run(), null);
        }

        /// <summary>What is late still runs.</summary>
        public override void Shutdown()
        {
        }
    }
}
