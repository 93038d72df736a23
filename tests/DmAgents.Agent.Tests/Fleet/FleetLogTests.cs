using System.Collections.Concurrent;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>What a fleet's life leaves in the log.</summary>
public sealed class FleetLogTests : FleetOfAgents
{
    private readonly Lines _lines = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _lines.Dispose();
    }

    [Fact]
    public async Task Hosts_that_come_and_go_are_named_and_a_leave_is_no_warning()
    {
        var issuer = await Fleet.Add(services: with => with
            .AddSingleton<ILoggerProvider>(_lines)
            .Configure<LoggerFilterOptions>(options => options.MinLevel = LogLevel.Information));
        await FleetAgents.Make(issuer, "prod", "host1");
        var member = await Fleet.Add();
        await FleetAgents.Join(member, issuer, "host2");
        await FleetAgents.IsMemberOf(issuer, 2);

        await member.Stop();
        Fleet.Forget(member);

        await FleetAgents.IsMemberOf(issuer, 1);
        await Eventually(() => _lines.All.Any(line => line.Contains("host host2 has gone", StringComparison.Ordinal)));
        Assert.Contains(_lines.All, line => line.Contains("host host2 is up", StringComparison.Ordinal));
        Assert.DoesNotContain(_lines.All, line => line.StartsWith("Error", StringComparison.Ordinal)
            || (line.StartsWith("Warning", StringComparison.Ordinal) && !IsOfTheMachine(line)));
    }

    [Fact]
    public void That_a_host_on_its_way_out_is_not_reached_is_expected() => Assert.True(FleetLogBridge.IsOfLeave(
        new Akka.Event.Warning("source", typeof(Akka.Cluster.Cluster),
            "Cluster Node [a] - Marking exiting node(s) as UNREACHABLE [b]. This is expected and they will be removed.")));

    /// <summary>That it stood still for a moment is true of a busy machine.</summary>
    private static bool IsOfTheMachine(string line) =>
        line.Contains("heartbeat was delayed", StringComparison.Ordinal)
        || line.Contains("heartbeat interval is growing", StringComparison.Ordinal);

    /// <summary>By their names: one that Akka renames is found here.</summary>
    [Theory]
    [InlineData("EndpointWriter")]
    [InlineData("EndpointReader")]
    [InlineData("EndpointManager")]
    [InlineData("ReliableDeliverySupervisor")]
    [InlineData("Remoting")]
    [InlineData("Transport.DotNetty.TcpClientHandler")]
    [InlineData("Transport.DotNetty.TcpServerHandler")]
    public void What_remoting_says_of_connections_is_for_debugging(string name)
    {
        var type = typeof(Akka.Remote.RemoteSettings).Assembly.GetType($"Akka.Remote.{name}", throwOnError: true)!;

        Assert.True(FleetLogBridge.IsOfConnections(new Akka.Event.Warning("source", type, "has failed")));
    }

    [Theory]
    [InlineData("EndpointDisassociatedException")]
    [InlineData("EndpointAssociationException")]
    public void So_is_the_end_of_a_connection_whichever_actor_has_it(string name)
    {
        var type = typeof(Akka.Remote.RemoteSettings).Assembly.GetType($"Akka.Remote.{name}", throwOnError: true)!;
        var cause = (Exception)Activator.CreateInstance(type, "over")!;

        Assert.True(FleetLogBridge.IsOfConnections(
            new Akka.Event.Error(cause, "source", typeof(Akka.Actor.ActorBase), "Disassociated")));
    }

    [Fact]
    public void A_refused_peer_is_logged_as_it_is() => Assert.False(FleetLogBridge.IsOfConnections(
        new Akka.Event.Warning("source", typeof(Akka.Remote.Transport.Transport), "a peer is refused")));

    private static async Task Eventually(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(FleetAgents.Patience);
        while (!holds())
            await Task.Delay(20, patience.Token);
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IEnumerable<string> All => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                _lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception?.GetType().Name}");
        }

        public void Dispose()
        {
        }
    }
}
