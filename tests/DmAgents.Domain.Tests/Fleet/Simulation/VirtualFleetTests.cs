using CsCheck;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;

namespace DmAgents.Domain.Tests.Fleet.Simulation;

public sealed class VirtualFleetTests
{
    [Fact]
    public void One_seed_gives_one_trace()
    {
        var first = Live(seed: 7).Network.Trace;
        Assert.InRange(first.Count, 1000, int.MaxValue);
        Assert.Equal(first, Live(seed: 7).Network.Trace);
        Assert.NotEqual(first, Live(seed: 8).Network.Trace);
    }

    /// <remarks>During the history: no copy beyond the wanted number, none to a host twice, no drop of the last copy
    /// (<see cref="VirtualFleet"/> checks each). Here: what is so when the network is quiet.</remarks>
    [Fact]
    public void Any_history_of_three_hosts_ends_with_the_wanted_copies_and_one_owner_for_each_epoch() =>
        Gen.ULong.Sample(seed =>
        {
            var fleet = Live(seed);
            Quiet(fleet);
            var image = fleet.Image.Latest;
            Assert.Equal(Hosts(fleet, host => host.HasImage), image.Holders);
            Assert.Empty(image.Copies);
            Assert.Empty(image.Releasing);
            var spare = image.Holders.Count(host =>
                !image.Pinned.Contains(host) && !image.Hosts[host].Holding!.InUse);
            Assert.InRange(image.Holders.Count(), image.Wanted, spare == 0 ? 3 : image.Wanted);

            Assert.Equal(Text(image), Text(fleet.Image.Replayed));
            Assert.All(fleet.Makers.Values, makers => Assert.Single(makers));
            var container = fleet.Container.Latest;
            Assert.Contains(container.Phase, new[] { ContainerPhase.None, ContainerPhase.Owned });
            Assert.Equal(
                container.Phase == ContainerPhase.Owned ? [container.Host!.Value] : Array.Empty<HostName>(),
                Hosts(fleet, host => host.Container is not null));
            Assert.All(fleet.Hosts, host => Assert.True(host.Container is null || host.Container == container.Epoch));
            Assert.All(ImageCare.UncertainPins(image), pin =>
                Assert.True(ContainerCare.NeedsImage(container, pin.Host, pin.For!.Epoch), $"{pin}"));
        }, iter: 300, threads: 1);

    [Fact]
    public void Each_kind_of_event_occurs_in_these_histories()
    {
        var fleets = Enumerable.Range(1, 40).Select(seed => Live((ulong)seed)).ToList();
        var images = fleets.SelectMany(fleet => fleet.Image.Journal).ToList();
        Assert.Equal(
            [CopyEnd.Done, CopyEnd.Failed, CopyEnd.Lapsed, CopyEnd.HostGone, CopyEnd.NotWanted],
            images.OfType<ImageEvents.CopyEnded>().Select(ended => ended.End).Distinct().Order());
        Assert.NotEmpty(images.OfType<ImageEvents.ReleaseOrdered>());
        Assert.NotEmpty(images.OfType<ImageEvents.DropAllowed>());
        var containers = fleets.SelectMany(fleet => fleet.Container.Journal).ToList();
        Assert.NotEmpty(containers.OfType<ContainerEvents.Owned>());
        Assert.NotEmpty(containers.OfType<ContainerEvents.Removed>());
        Assert.NotEmpty(containers.OfType<ContainerEvents.ImageArrived>());
        Assert.NotEmpty(containers.OfType<ContainerEvents.CreationFailed>());
        Assert.Contains(
            containers.OfType<ContainerEvents.Placed>(),
            placed => placed.Why.Contains("gone", StringComparison.Ordinal));
    }

    /// <summary>Four minutes in which everything happens that may.</summary>
    private static VirtualFleet Live(ulong seed)
    {
        var fleet = new VirtualFleet(seed);
        var dice = new Dice(~seed);
        for (var step = 0; step < 40; step++)
        {
            Disturb(fleet, dice, fleet.Hosts[dice.Below(3)]);
            fleet.Run(dice.Below(12));
        }
        return fleet;
    }

    private static void Disturb(VirtualFleet fleet, Dice dice, VirtualHost host)
    {
        switch (dice.Below(14))
        {
            case 0:
                host.IsDown = true;
                break;
            case 1 or 2 when host.IsDown:
                host.IsDown = false;
                host.BeginAnew();
                break;
            case 3:
                fleet.Network.Cut(host.Name.Value);
                break;
            case 4 or 5:
                fleet.Network.Heal(host.Name.Value);
                break;
            case 6:
                fleet.SetCopies(1 + dice.Below(3));
                break;
            case 7 or 8:
                fleet.CreateContainer(dice.Chance(50) ? host.Name : null);
                break;
            case 9:
                fleet.RemoveContainer();
                break;
            case 10:
                fleet.Drop(host);
                break;
            case 11:
                fleet.Image.Restart(dice.Below(2));
                fleet.Container.Restart(dice.Below(2));
                break;
        }
    }

    private static void Quiet(VirtualFleet fleet)
    {
        foreach (var host in fleet.Hosts)
        {
            fleet.Network.Heal(host.Name.Value);
            if (host.IsDown)
                host.BeginAnew();
            host.IsDown = false;
        }
        fleet.Network.Faults = NetworkFaults.None;
        fleet.Run(300);
    }

    private static string Text(ImageState state) => string.Join('\n',
        state.Hosts.Values.Select(host => host.ToString()).Concat(state.Copies.Values.Select(copy => copy.ToString()))
            .Concat(state.Troubles.Select(trouble => trouble.ToString()))
            .Concat(state.Decisions.Select(decision => $"{decision.At} {decision.Chosen} {decision.Why}"))
            .Append($"{state.Config} {state.Wanted} {state.LastCopy} {string.Join(' ', state.Pinned)}")
            .Append(string.Join(' ', state.Requests)));

    private static IEnumerable<HostName> Hosts(VirtualFleet fleet, Func<VirtualHost, bool> has) =>
        fleet.Hosts.Where(has).Select(host => host.Name);
}
