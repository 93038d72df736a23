using DmAgents.Agent.Fleet;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Units;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>Hosts whose clocks went apart by hours after they had become a fleet.</summary>
public sealed class FleetClockTests : IAsyncLifetime
{
    private readonly FleetAgents _fleet = new();
    private readonly OffsetClock _clock = new();
    private ServedAgent _one = null!;
    private ServedAgent _two = null!;

    public async Task InitializeAsync()
    {
        _one = await _fleet.Add();
        await FleetAgents.Make(_one, "prod", "host1");
        _two = await _fleet.Add(services: with => with.AddSingleton<TimeProvider>(_clock));
        await FleetAgents.Join(_two, _one, "host2");
        await FleetAgents.IsMemberOf(_one, 2);
        await FleetAgents.IsMemberOf(_two, 2);
        await Make(_one, "one:1", 1);
        await Make(_two, "two:1", 2);
    }

    public async Task DisposeAsync() => await _fleet.DisposeAsync();

    [Fact]
    public async Task A_host_whose_clock_is_hours_ahead_gives_and_gets_images()
    {
        _clock.Offset = TimeSpan.FromHours(5);

        await Copy(_two, "one:1", "host1");
        await Copy(_one, "two:1", "host2");

        await FleetAgents.IsMemberOf(_one, 2);
        await TwoAgents.NothingIsLeft(_one);
        await TwoAgents.NothingIsLeft(_two);
    }

    [Fact]
    public async Task A_host_to_whose_clock_the_certificates_begin_later_says_so_and_brings_the_image_when_it_is_right()
    {
        _clock.Offset = -TimeSpan.FromHours(5);

        var refused = await Assert.ThrowsAsync<RpcException>(() => Copy(_two, "one:1", "host1"));

        Assert.Contains("host host1 ", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("is valid from ", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("on the checking host it is", refused.Status.Detail, StringComparison.Ordinal);
        await TwoAgents.NothingIsLeft(_two);
        _clock.Offset = default;
        await Copy(_two, "one:1", "host1");
        await TwoAgents.NothingIsLeft(_two);
    }

    private static async Task Make(ServedAgent agent, string image, int seed) => await TwoAgents.Tag(
        agent, new ImageReference(image), await TwoAgents.AddLayer(agent, null, seed, ByteSize.MiB(2)));

    private static async Task Copy(ServedAgent to, string image, string from)
    {
        using var call = new Api.Admin.V1.Transfers.TransfersClient(to.AdminChannel).CopyImage(new CopyImageRequest
        {
            RequestId = TwoAgents.NewRequest().ToString(), Image = image, FromHost = from,
        });
        using var patience = new CancellationTokenSource(FleetAgents.Patience);
        while (await call.ResponseStream.MoveNext(patience.Token))
        {
        }
        Assert.Contains(to.State.Images.Keys, reference => reference == new ImageReference(image));
    }
}
