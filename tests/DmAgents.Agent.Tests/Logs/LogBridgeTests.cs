using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Event;
using DmAgents.Actors;
using DmAgents.Actors.Fleet;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Hosting;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using Microsoft.Extensions.Logging;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace DmAgents.Agent.Tests.Logs;

/// <summary>What actors log, in the agent's log.</summary>
public sealed class LogBridgeTests : IAsyncDisposable
{
    private readonly Written _written = new();
    private readonly ILoggerFactory _loggers;
    private readonly ActorSystem _system;

    public LogBridgeTests()
    {
        _loggers = LoggerFactory.Create(with => with.AddProvider(_written).SetMinimumLevel(LogLevel.Information));
        _system = ActorSystem.Create("logs", BootstrapSetup.Create().WithConfig($$"""
            akka {
              loggers = ["{{typeof(AkkaLogBridge).AssemblyQualifiedName}}"]
              loglevel = DEBUG
              stdout-loglevel = OFF
            }
            """).And(new AkkaLogSetup(_loggers)));
    }

    public async ValueTask DisposeAsync()
    {
        await _system.Terminate();
        _loggers.Dispose();
    }

    [Fact]
    public async Task A_line_of_an_actor_keeps_its_id_its_name_its_level_and_its_fields()
    {
        var pool = new PoolName("fast");
        var error = new KernelError(KernelFault.NoSpace, 28, "write", "/x", "no space left");

        Logging.GetLogger(_system, this).Write(PoolActorLog.FilesBehind(pool, error), new IOException("full"));

        var entry = await Next(1102);
        Assert.Equal((1102, "pool-files-behind"), (entry.Id.Id, entry.Id.Name));
        Assert.Equal(LogLevel.Warning, entry.Level);
        Assert.Equal($"pool fast: metadata/ or mnt/ is behind the journal: {error}", entry.Text);
        Assert.Equal([("Pool", pool), ("Reason", (object?)error)], entry.Fields);
        Assert.IsType<IOException>(entry.Fault);
    }

    [Theory]
    [InlineData(Akka.Event.LogLevel.InfoLevel, LogLevel.Information)]
    [InlineData(Akka.Event.LogLevel.WarningLevel, LogLevel.Warning)]
    [InlineData(Akka.Event.LogLevel.ErrorLevel, LogLevel.Error)]
    public async Task A_message_of_Akka_has_one_id_and_its_source_as_a_field(
        Akka.Event.LogLevel logged, LogLevel expected)
    {
        _system.EventStream.Publish(EventOf(logged));

        var entry = await Next(9001);
        Assert.Equal("akka", entry.Id.Name);
        Assert.Equal(expected, entry.Level);
        Assert.Equal("remoting: a word", entry.Text);
        Assert.Equal([("Source", "remoting"), ("Text", (object?)"a word")], entry.Fields);
    }

    [Fact]
    public async Task Of_the_fleets_system_an_info_of_the_agents_actors_is_written_at_that_level_and_none_of_Akka()
    {
        Assert.Equal(Akka.Event.LogLevel.InfoLevel, FleetHost.LevelOf(LogLevel.Information));
        var fleet = ActorSystem.Create("fleet", BootstrapSetup.Create().WithConfig($$"""
            akka {
              loggers = ["{{typeof(FleetLogBridge).AssemblyQualifiedName}}"]
              loglevel = INFO
              stdout-loglevel = OFF
            }
            """).And(new AkkaLogSetup(_loggers)));
        fleet.EventStream.Publish(EventOf(Akka.Event.LogLevel.InfoLevel));

        Logging.GetLogger(fleet, this).Write(FleetActorLog.DatabaseReady("ready", 1, 0));

        await Next(4111);
        await fleet.Terminate();
        Assert.DoesNotContain(
            _written.All, entry => entry.Id.Id == 9001 && entry.Level == LogLevel.Information && !IsOfTheStart(entry));
    }

    private static LogEvent EventOf(Akka.Event.LogLevel level) => level switch
    {
        Akka.Event.LogLevel.InfoLevel => new Info("remoting", typeof(ActorSystem), "a word"),
        Akka.Event.LogLevel.WarningLevel => new Warning("remoting", typeof(ActorSystem), "a word"),
        _ => new Error(cause: null, "remoting", typeof(ActorSystem), "a word"),
    };

    private async Task<Entry> Next(int id)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            var found = _written.All.FirstOrDefault(entry => entry.Id.Id == id && !IsOfTheStart(entry));
            if (found is not null)
                return found;
            await Task.Delay(20, patience.Token);
        }
    }

    private static bool IsOfTheStart(Entry entry) =>
        entry.Id.Id == 9001 && !entry.Text.StartsWith("remoting", StringComparison.Ordinal);

    private sealed record Entry(
        EventId Id, LogLevel Level, string Text, IReadOnlyList<(string, object?)> Fields, Exception? Fault);

    private sealed class Written : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<Entry> All { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            var fields = ((IEnumerable<KeyValuePair<string, object?>>)state!)
                .Where(field => field.Key != "{OriginalFormat}").Select(field => (field.Key, field.Value));
            All.Enqueue(new Entry(eventId, logLevel, formatter(state, exception), [.. fields], exception));
        }

        public void Dispose()
        {
        }
    }
}
