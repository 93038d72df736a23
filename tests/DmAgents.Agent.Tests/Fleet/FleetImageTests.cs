using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Agent.Transfers;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using Grpc.Core;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>Where in a fleet an image is: asked on any host, of a fleet without a database.</summary>
public sealed class FleetImageTests : FleetOfAgents
{
    private static readonly ImageReference App = new("app:1");

    [Fact]
    public async Task An_image_is_shown_with_its_hosts_its_digests_and_the_copies_on_their_way()
    {
        // So slow that the copy does not end before it was looked at.
        var agents = await Fleet.FormPatient(2, FleetAgents.SlowCopies);
        var layer = await TwoAgents.AddLayer(agents[0], null, 1, ByteSize.MiB(2));
        await TwoAgents.Tag(agents[0], App, layer);
        var map = await agents[0].Get<ContentMaps>().GetAsync(ServedAgent.Pool, layer, CancellationToken.None);

        var here = await Show(agents[0], "app:1");
        var elsewhere = await Show(agents[1], "app:1");
        var byId = await Show(agents[1], here.Id[..12]);

        Assert.Equal(ServedAgent.Pool.Value, here.Pool);
        Assert.Equal(("", here.Id, "app:1"), (elsewhere.Pool, elsewhere.Id, elsewhere.Reference));
        var copy = Assert.Single(elsewhere.Fleet.Hosts);
        Assert.Equal(
            ("host1", ServedAgent.Pool.Value, "app:1", here.Id, map.Digest.ToString(), 1u),
            (copy.Host, copy.Pool, copy.Reference, copy.Id, copy.ContentDigest, copy.Layers));
        Assert.Equal(elsewhere.Fleet, here.Fleet);
        Assert.Equal(elsewhere.Fleet.Hosts, byId.Fleet.Hosts);
        Assert.Empty(elsewhere.Fleet.Silent);

        var bringing = agents[1].Get<ImageCopies>().Start(
            new RequestId(Guid.NewGuid()), agents[1].Picture, new HostName("host1"), "app:1");
        var underWay = await Shown(agents[0], shown => shown.Fleet.InFlight.Count == 1);
        var flight = underWay.Fleet.InFlight[0];
        Assert.Equal(
            ("host2", "host1", ServedAgent.Pool.Value, bringing.Job.Request.ToString()),
            (flight.ToHost, flight.FromHost, flight.Pool, flight.Id));
        foreach (var agent in agents)
        {
            var listed = await Transfers(agent).ListAsync(new ListTransfersRequest { Fleet = true });
            var transfer = Assert.Single(listed.Transfers);
            Assert.Equal(
                (flight.Id, "app:1", "host1", "host2", flight.Pool),
                (transfer.Id, transfer.Image, transfer.FromHost, transfer.ToHost, transfer.Pool));
            Assert.Empty(listed.Silent);
        }
        bringing.Cancel();
        await Shown(agents[0], shown => shown.Fleet.InFlight.Count == 0);
    }

    [Fact]
    public async Task A_host_with_another_image_of_the_name_is_told_apart_and_one_that_is_gone_is_named()
    {
        var agents = await Fleet.FormPatient(2);
        var other = await TwoAgents.AddLayer(agents[1], null, 2, ByteSize.MiB(1));
        await TwoAgents.Tag(agents[1], App, other, TwoAgents.Config.Replace("amd64", "arm64", StringComparison.Ordinal));
        var layer = await TwoAgents.AddLayer(agents[0], null, 1, ByteSize.MiB(1));
        await TwoAgents.Tag(agents[0], App, layer);

        var shown = await Show(agents[0], "app:1");
        Assert.Equal(["host1", "host2"], shown.Fleet.Hosts.Select(host => host.Host));
        Assert.Equal(2, shown.Fleet.Hosts.Select(host => host.Id).Distinct().Count());

        await agents[1].Stop();
        Fleet.Forget(agents[1]);
        await FleetAgents.When(agents[0], status => status.Members.Length == 1);

        shown = await Show(agents[0], "app:1");
        Assert.Equal(["host1"], shown.Fleet.Hosts.Select(host => host.Host));
        Assert.Equal(["host2"], shown.Fleet.Silent.Select(host => host.Host));
        var listed = await Transfers(agents[0]).ListAsync(new ListTransfersRequest { Fleet = true });
        Assert.Equal(["host2"], listed.Silent.Select(host => host.Host));
        var missing = await Assert.ThrowsAsync<RpcException>(() => Show(agents[0], "app:2"));
        Assert.Equal(StatusCode.NotFound, missing.StatusCode);
        Assert.Contains("or it is on host2, which does not answer", missing.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Outside_of_a_fleet_an_image_is_shown_as_it_is_here()
    {
        var agent = await Fleet.Add();
        var layer = await TwoAgents.AddLayer(agent, null, 1, ByteSize.MiB(1));
        await TwoAgents.Tag(agent, App, layer);

        Assert.Null((await Show(agent, "app:1")).Fleet);
        var alone = await Assert.ThrowsAsync<RpcException>(
            () => Transfers(agent).ListAsync(new ListTransfersRequest { Fleet = true }).ResponseAsync);
        Assert.Contains("this host is in no fleet", alone.Status.Detail, StringComparison.Ordinal);
        var missing = await Assert.ThrowsAsync<RpcException>(() => Show(agent, "app:2"));
        Assert.Contains("has no image of this name or id", missing.Status.Detail, StringComparison.Ordinal);
    }

    private static Api.Admin.V1.Transfers.TransfersClient Transfers(ServedAgent agent) => new(agent.AdminChannel);

    private static Task<ImageDetails> Show(ServedAgent agent, string image) => new Api.Admin.V1.Images.ImagesClient(
        agent.AdminChannel)
        .ShowAsync(new ShowImageRequest { Image = image, Fleet = true }).ResponseAsync;

    private static async Task<ImageDetails> Shown(ServedAgent agent, Func<ImageDetails, bool> holds)
    {
        using var patience = new CancellationTokenSource(FleetAgents.Patience);
        while (true)
        {
            var shown = await Show(agent, "app:1");
            if (holds(shown))
                return shown;
            await Task.Delay(50, patience.Token);
        }
    }
}
