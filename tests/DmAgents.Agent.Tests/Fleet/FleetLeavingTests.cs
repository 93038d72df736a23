using DmAgents.Actors.Fleet;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.UseCases;
using DmAgents.Domain.Pools;
using DmAgents.Fleet.Joining;
using Microsoft.Extensions.DependencyInjection;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>A leave and a stop are whole: the host is a member as before, or the authority and its files know of it no
/// more.</summary>
public sealed class FleetLeavingTests : IAsyncLifetime
{
    private readonly FleetAgents _fleet = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _fleet.DisposeAsync();

    [Fact]
    public async Task A_leave_ends_as_it_would_if_its_caller_gives_up_midway()
    {
        using var caller = new CancellationTokenSource();
        var isLeaving = false;
        var issuer = await _fleet.Add();
        await FleetAgents.Make(issuer, "prod", "host1");
        var member = await _fleet.Add(services: with => with.AddSingleton(new JoinClient(
            async (address, cancellation) =>
            {
                if (isLeaving)
                    await caller.CancelAsync();
                return await FleetConnections.ConnectAsync(address, cancellation);
            },
            TimeProvider.System, JoinLimits.Default)));
        await FleetAgents.Join(member, issuer, "host2");
        await FleetAgents.IsMemberOf(member, 2);
        isLeaving = true;

        var left = await member.Get<FleetLeaver>().Leave(force: false, caller.Token);

        Assert.True(caller.IsCancellationRequested);
        Assert.Equal("host2", left.Host?.Value);
        Assert.Empty(Directory.GetFiles(member.Settings.FleetPaths.Directory));
        Assert.DoesNotContain(new("host2"), issuer.Get<FleetHost>().Authority!.State.Hosts.Keys);
    }

    [Fact]
    public async Task A_leave_that_meets_any_fault_leaves_the_host_a_member()
    {
        var isLeaving = false;
        var issuer = await _fleet.Add();
        await FleetAgents.Make(issuer, "prod", "host1");
        var member = await _fleet.Add(services: with => with.AddSingleton(new JoinClient(
            (address, cancellation) => isLeaving
                ? throw new InvalidOperationException("a fault")
                : FleetConnections.ConnectAsync(address, cancellation),
            TimeProvider.System, JoinLimits.Default)));
        await FleetAgents.Join(member, issuer, "host2");
        await FleetAgents.IsMemberOf(member, 2);
        isLeaving = true;

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => member.Get<FleetLeaver>().Leave(force: false, CancellationToken.None));

        Assert.Equal("host2", member.Get<FleetIdentity>().Current?.Host.Value);
        await FleetAgents.IsMemberOf(member, 2);
    }

    [Fact]
    public async Task A_host_that_is_out_but_has_its_files_is_revoked_before_they_are_deleted()
    {
        var agents = await _fleet.Form(2);
        await agents[1].Get<FleetHost>().ExitAsync(CancellationToken.None);

        var left = await agents[1].Get<FleetLeaver>().Leave(force: false, CancellationToken.None);

        Assert.Equal(("prod", "host2"), (left.Fleet?.Value, left.Host?.Value));
        Assert.Empty(Directory.GetFiles(agents[1].Settings.FleetPaths.Directory));
        // Its name is free: the authority knows that it has left.
        await FleetAgents.Join(agents[1], agents[0], "host2");
    }

    [Fact]
    public async Task A_copy_of_a_hosts_disk_leaves_by_force_alone_and_the_host_stays()
    {
        var agents = await _fleet.Form(2);
        agents[0].Get<FleetTwins>().Patience = TimeSpan.Zero;
        var copy = await _fleet.Add();
        Directory.CreateDirectory(copy.Settings.FleetPaths.Directory);
        foreach (var file in Directory.GetFiles(agents[1].Settings.FleetPaths.Directory))
            File.Copy(file, Path.Combine(copy.Settings.FleetPaths.Directory, Path.GetFileName(file)));

        var refused = await Assert.ThrowsAsync<RefusedException>(
            () => copy.Get<FleetLeaver>().Leave(force: false, CancellationToken.None));

        Assert.Equal(RefusalKind.Exists, refused.Refusal.Kind);
        Assert.Contains(
            $"is a member at {FleetAgents.AddressOf(agents[1])}", refused.Refusal.Why, StringComparison.Ordinal);
        Assert.Contains("revoke nothing: dmagent fleet leave --force", refused.Refusal.Next, StringComparison.Ordinal);

        var left = await copy.Get<FleetLeaver>().Leave(force: true, CancellationToken.None);

        Assert.True(left.IsCopy);
        Assert.Empty(Directory.GetFiles(copy.Settings.FleetPaths.Directory));
        Assert.Contains(new("host2"), agents[0].Get<FleetHost>().Authority!.State.Hosts.Keys);
        await FleetAgents.IsMemberOf(agents[1], 2);
        await FleetAgents.Join(copy, agents[0], "host3");
        await FleetAgents.IsMemberOf(agents[1], 3);
    }

    [Fact]
    public async Task A_part_that_does_not_end_keeps_no_host_in_the_cluster()
    {
        var stuck = new Stuck();
        var issuer = await _fleet.Add();
        await FleetAgents.Make(issuer, "prod", "host1");
        var member = await _fleet.Add(services: with => with.AddSingleton<IFleetPart>(stuck));
        await FleetAgents.Join(member, issuer, "host2");
        await FleetAgents.IsMemberOf(issuer, 2);
        using var overdue = new CancellationTokenSource();
        await overdue.CancelAsync();

        await member.Get<FleetHost>().StopAsync(overdue.Token);

        await FleetAgents.When(member, status => status.Phase == FleetPhase.Outside);
        await FleetAgents.IsMemberOf(issuer, 1);
        stuck.Release();
    }

    [Fact]
    public async Task An_agent_that_stops_enters_no_fleet()
    {
        var agent = await _fleet.Add();
        await FleetAgents.Make(agent, "prod", "host1");
        await agent.Get<FleetHost>().StopAsync(CancellationToken.None);

        var refused = await Assert.ThrowsAsync<RefusedException>(() => FleetAgents.Make(agent, "prod", "host1"));
        Assert.Contains("the agent stops", refused.Refusal.Why, StringComparison.Ordinal);
        Assert.Throws<RefusedException>(() => agent.Get<FleetHost>().Enter(agent.Get<FleetStore>().Find().Value!));
        agent.Get<FleetHost>().Again();

        Assert.Equal(FleetPhase.Outside, agent.Get<FleetBoard>().Current.Phase);
        Assert.NotEmpty(Directory.GetFiles(agent.Settings.FleetPaths.Directory));
    }

    private sealed class Stuck : IFleetPart
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _released.SetResult();

        public Task RunAsync(FleetPlace place, CancellationToken end) => _released.Task;
    }
}
