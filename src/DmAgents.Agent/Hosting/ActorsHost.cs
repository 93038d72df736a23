using Akka.Actor;
using Akka.Configuration;
using DmAgents.Actors;
using DmAgents.Actors.Events;
using DmAgents.Actors.Hosts;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Services;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.Hosting;

/// <summary>The actor system's life within the daemon's.</summary>
internal sealed class ActorsHost(
    AgentSettings settings, IKernel kernel, IDurableFiles files, PoolBoard board, HostEventLog events, HostHandle handle,
    TimeProvider time, ILoggerFactory loggers) : IHostedService
{
    private ActorSystem? _system;

    /// <summary>Returns when the host knows its pools, so that no request meets an agent that does not.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var config = JournalDatabase.Configuration(settings)
            .WithFallback(ConfigurationFactory.ParseString($$"""
                akka {
                  loggers = ["{{typeof(AkkaLogBridge).AssemblyQualifiedName}}"]
                  loglevel = {{LevelName(settings.LogLevel)}}
                  coordinated-shutdown.run-by-clr-shutdown-hook = off
                }
                """))
            .WithFallback(ActorsConfig.Default);
        _system = ActorSystem.Create("dmagents", BootstrapSetup.Create().WithConfig(config)
            .And(new AkkaLogSetup(loggers)));
        _system.ActorOf(EventLogActor.Props(events), "events");
        handle.Actor = _system.ActorOf(HostActor.Props(
            (name, uuid) => new PoolSetup(name, uuid, settings.StateDirectory, kernel, files, time, settings.Pools, board),
            time), "host");
        await handle.Actor.Ask<HostMessages.Ready>(
            HostMessages.AwaitReady.Instance, settings.RequestTimeout, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Pools finish what is under way and mark a checkpoint. Devices and mounts stay as they are.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_system is null)
            return;
        try
        {
            await handle.Actor.Ask<HostMessages.Stopped>(
                HostMessages.Stop.Instance, settings.StopDeadline + TimeSpan.FromSeconds(5), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            loggers.CreateLogger<ActorsHost>().LogWarning("pools did not stop in time; the next start recovers them");
        }
        await _system.Terminate().ConfigureAwait(false);
    }

    private static string LevelName(LogLevel level) => level switch
    {
        LogLevel.Debug or LogLevel.Trace => "DEBUG",
        LogLevel.Information => "INFO",
        LogLevel.Warning => "WARNING",
        _ => "ERROR",
    };
}
