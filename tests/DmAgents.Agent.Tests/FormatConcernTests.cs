using DmAgents.Agent.Configuration;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.UseCases;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using DmAgents.Images.Docker;
using DmAgents.Testing.Docker;
using PoolState = DmAgents.Api.Admin.V1.PoolState;

namespace DmAgents.Agent.Tests;

/// <summary>A Docker's base that was made by a younger kernel than the one that runs.</summary>
public sealed class FormatConcernTests : IAsyncLifetime
{
    private const string Feature = "casefold (from Linux 5.2 on)";

    private static readonly PoolName Name = new("dockers");

    private readonly RequestId _request = new(Guid.NewGuid());
    private ServedAgent _agent = null!;
    private DockerWorld _docker = null!;

    public async Task InitializeAsync()
    {
        _agent = await ServedAgent.Start();
        _docker = new DockerWorld(_agent.Simulated, "extent", "casefold");
        _agent.Simulated.Running = new KernelVersion(5, 1);
    }

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public async Task It_is_named_by_adopt_docker_by_show_by_status_by_check_and_by_an_event()
    {
        await _agent.Gateway.Ask(
            Name, _docker.Command(_request, Name, new PoolUuid(_request.Value)), CancellationToken.None);

        var adopted = await Pools.AdoptDockerAsync(new AdoptDockerRequest
        {
            RequestId = _request.Value.ToString(), Name = Name.Value, DataRoot = DockerWorld.DataRoot.Value,
        });
        var shown = await Pools.ShowAsync(new ShowPoolRequest { Pool = Name.Value });
        var check = await Pools.CheckAsync(new CheckPoolRequest { Pool = Name.Value });
        var status = await new Hosts.HostsClient(_agent.AdminChannel).GetStatusAsync(new GetHostStatusRequest());
        var heard = await HeardOf();

        foreach (var told in new[] { adopted.Findings, check.Findings, status.Problems })
        {
            var finding = Assert.Single(told, finding => finding.Why.Contains(Feature, StringComparison.Ordinal));
            Assert.Equal("it cannot be mounted on this host", finding.What);
            Assert.StartsWith("run Linux 5.2 or a later one", finding.Next, StringComparison.Ordinal);
        }
        Assert.Contains(Feature, Assert.Single(shown.FormatConcerns), StringComparison.Ordinal);
        Assert.Contains(Feature, shown.StateCause, StringComparison.Ordinal);
        Assert.Equal(PoolState.Writable, shown.State);
        Assert.Contains(Feature, heard, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_that_was_removed_is_no_longer_part_of_what_the_pool_says()
    {
        var command = _docker.Command(_request, Name, new PoolUuid(_request.Value));
        // A beginning of its own, with the features of the base that it came from.
        var web = command.Devices[^1] with { Parent = null };
        await _agent.Gateway.Ask(
            Name, command with { Devices = command.Devices.SetItem(2, web) }, CancellationToken.None);
        await _agent.Gateway.Ask(
            Name, new PoolCommands.ConfirmTakeover(new RequestId(Guid.NewGuid()), DockerWorld.At),
            CancellationToken.None);
        var before = await Pools.ShowAsync(new ShowPoolRequest { Pool = Name.Value });
        Assert.Equal(2, before.FormatConcerns.Count);
        Assert.Contains($"{web.Key.Name}: ", before.StateCause, StringComparison.Ordinal);

        await new Containers.ContainersClient(_agent.AdminChannel).RemoveAsync(new RemoveContainerRequest
        {
            RequestId = $"{Guid.NewGuid()}", Pool = Name.Value, Container = web.Key.Name,
        });

        var after = await Pools.ShowAsync(new ShowPoolRequest { Pool = Name.Value });
        Assert.Single(after.FormatConcerns);
        Assert.DoesNotContain($"{web.Key.Name}: ", after.StateCause, StringComparison.Ordinal);
        Assert.Contains(Feature, after.StateCause, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_named_before_the_adoption_of_a_pool_that_is_live()
    {
        _docker.Assemble();
        var found = _docker.Found();
        var claimed = new DockerClaimed(
            _docker.Command(_request, Name, new PoolUuid(_request.Value)).Devices, [], []);

        var concern = Assert.Single(_agent.Get<DockerTakeover>().LookAtFormats(Name, found, claimed));

        Assert.Equal((new ThinId(1), new KernelVersion(5, 2)), (concern.Id, concern.Needs));
        // Nothing of it is left, and Docker finds its pool as it was.
        Assert.DoesNotContain(_agent.Simulated.ListDevices("").Value, device =>
            device.Name == DeviceNames.Thin(Name, concern.Id));
        Assert.Equal(found.Content.TransactionId, _docker.Found().Content.TransactionId);
    }

    private async Task<string> HeardOf()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            var heard = _agent.Get<Actors.Events.HostEventLog>().Latest.FirstOrDefault(
                happened => happened.Pool == Name.Value && happened.Type == "pool-open");
            if (heard is not null)
                return heard.Text;
            await Task.Delay(20, patience.Token);
        }
    }

    private Pools.PoolsClient Pools => new(_agent.AdminChannel);
}
