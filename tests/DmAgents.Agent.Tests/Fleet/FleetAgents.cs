using System.Globalization;
using DmAgents.Actors.Fleet;
using DmAgents.Actors.Fleet.Database;
using DmAgents.Actors.Tests.Support;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Fleet.Inventory;
using DmAgents.Agent.Fleet.Talks;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.UseCases;
using DmAgents.Domain.Fleet;
using DmAgents.Transfer.Pacing;
using Microsoft.Extensions.DependencyInjection;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>Whole agents on loopback that make a fleet of each other, each on the simulated kernel.</summary>
internal sealed class FleetAgents : IAsyncDisposable
{
    /// <summary>Far above what anything takes on a busy machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private const string Times = "heartbeat = 250ms, acceptable-pause = 10s, stable-after = 5s, removal-margin = 1s, "
        + "refresh-interval = 1h, join-patience = 2m";

    private readonly List<ServedAgent> _agents = [];

    /// <summary>Of the agents to come; null: their fleet has none.</summary>
    public FleetDatabase? Database { get; set; }

    /// <summary>Of the agents to come.</summary>
    public AnnounceTimes Announce { get; set; } = new()
    {
        Pace = TimeSpan.FromMilliseconds(50), Retry = TimeSpan.FromMilliseconds(100),
        Absences = TimeSpan.FromMilliseconds(500),
    };

    /// <summary>Of the agents to come: long enough for a busy machine.</summary>
    public TimeSpan CopyLease { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Of the agents to come.</summary>
    public TimeSpan RestoreAfter { get; set; } = TimeSpan.FromHours(1);

    /// <summary>An address of loopback that no other test has, with three free ports.</summary>
    public static MemberAddress NextAddress()
    {
        var random = Random.Shared;
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"127.{random.Next(1, 255)}.{random.Next(1, 255)}.{random.Next(1, 255)}:{FleetPorts.Default}");
        return MemberAddress.TryParse(text, out var address) ? address : throw new InvalidOperationException(text);
    }

    /// <param name="more">Settings of the fleet besides.</param>
    public async Task<ServedAgent> Add(string more = "", Action<IServiceCollection>? services = null)
    {
        var agent = await ServedAgent.Start(
            $"fleet {{ {Times}, address = \"{NextAddress()}\", {more} }}", services, change: With);
        _agents.Add(agent);
        return agent;
    }

    private AgentSettings With(AgentSettings settings) => settings with
    {
        Fleet = settings.Fleet with
        {
            Database = Database ?? settings.Fleet.Database,
            Announce = Announce,
            Look = TimeSpan.FromMilliseconds(300),
            RestoreAfter = RestoreAfter,
            CopyLease = CopyLease,
            Overrides = ShakenThreads.Text,
            DatabaseTimes = DatabaseTimes.Default with
            {
                Interval = TimeSpan.FromMilliseconds(100), Retry = TimeSpan.FromMilliseconds(100),
            },
        },
    };

    /// <summary>Takes the place of an agent that was stopped.</summary>
    public ServedAgent Replace(ServedAgent stopped, ServedAgent next)
    {
        _agents[_agents.IndexOf(stopped)] = next;
        return next;
    }

    /// <summary>An agent that was stopped, and has no next one.</summary>
    public void Forget(ServedAgent stopped)
    {
        _agents.Remove(stopped);
        Directory.Delete(Path.GetDirectoryName(stopped.Settings.StateDirectory)!, recursive: true);
    }

    /// <summary>A fleet of so many hosts: host1, which made it, host2, ...</summary>
    public async Task<ServedAgent[]> Form(int count, Action<IServiceCollection>? services = null)
    {
        for (var number = 1; number <= count; number++)
        {
            var agent = await Add(services: services);
            if (number == 1)
                await Make(agent, "prod", "host1");
            else
                await Join(agent, _agents[^number], $"host{number}");
        }
        var formed = _agents[^count..];
        foreach (var agent in formed)
            await IsMemberOf(agent, count);
        return [.. formed];
    }

    /// <summary>As above. A host that only answers slowly, as on a busy machine, does not count as silent.</summary>
    public async Task<ServedAgent[]> FormPatient(int count, Action<IServiceCollection>? services = null)
    {
        var formed = await Form(count, services);
        foreach (var agent in formed)
            agent.Get<HostAsker>().SilentFor = Patience;
        return formed;
    }

    /// <summary>Services of a host so slow that no copy of it ends by itself.</summary>
    public static void SlowCopies(IServiceCollection services) =>
        services.AddSingleton(new HostBandwidth(1024, TimeProvider.System));

    public static Task<FleetPlace> Make(ServedAgent agent, string fleet, string host) =>
        agent.Get<FleetMaker>().Make(new FleetName(fleet), new HostName(host), at: null, CancellationToken.None);

    public static Task<FleetPlace> Join(ServedAgent agent, ServedAgent issuer, string host, string? token = null) =>
        agent.Get<FleetJoiner>().Join(
            new JoinAsked(
                AddressOf(issuer), token ?? TokenOf(issuer), new HostName(host), Address: null),
            _ => { }, CancellationToken.None);

    public static string TokenOf(ServedAgent issuer) =>
        issuer.Get<FleetTokens>().Make(TimeSpan.FromHours(1)).Word;

    public static MemberAddress AddressOf(ServedAgent agent) => agent.Settings.Fleet.Address!.Value;

    public static Task<FleetStatus> IsMemberOf(ServedAgent agent, int count) => When(agent, status =>
        status.Phase == FleetPhase.Member && status.View!.Side is { Standing: FleetStanding.Whole } side
        && side.Counted == count && status.Members.Length == count);

    public static async Task<FleetStatus> When(
        ServedAgent agent, Func<FleetStatus, bool> holds)
    {
        var board = agent.Get<FleetBoard>();
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            return await board.When(holds, patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{board.Current.Words}; {string.Join("; ", board.Current.Members)}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        // The first has the authority: it goes last, so that the others leave in order.
        foreach (var agent in Enumerable.Reverse(_agents))
            await agent.DisposeAsync();
    }
}
