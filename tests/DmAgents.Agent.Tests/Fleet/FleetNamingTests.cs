using System.Formats.Tar;
using DmAgents.Agent.Imports;
using DmAgents.Agent.Spread;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Agent.Transfers;
using DmAgents.Agent.UseCases;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Images;
using DmAgents.Domain.Units;
using Grpc.Core;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>A reference is given to another image: the fleet's last verified copy of the first one keeps its name.
/// </summary>
public sealed class FleetNamingTests : FleetWithDatabase
{
    private static readonly ImageReference App = new("app:1");
    private static readonly ImageReference Other = new("other:1");

    [Fact]
    public async Task The_last_verified_copy_loses_its_only_name_only_by_force()
    {
        var agent = (await Form(1))[0];
        var app = agent.State.Images[App].ConfigDigest;
        await MakeOther(agent);

        var refused = await Assert.ThrowsAsync<RpcException>(() => Tag(agent, Other.Value, App.Value));

        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Contains(
            "no other host that is there has a verified copy", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("dmagent image tag app:1 NAME", FleetSpreadTests.NextOf(refused), StringComparison.Ordinal);
        Assert.Equal(app, agent.State.Images[App].ConfigDigest);
        // It counts again.
        await FleetSpreadTests.Explained(agent, image => FleetSpreadTests.Whole(image) == 1);

        await Tag(agent, Other.Value, App.Value, force: true);

        Assert.NotEqual(app, agent.State.Images[App].ConfigDigest);
    }

    [Fact]
    public async Task A_copy_with_a_second_name_gives_up_the_first_one()
    {
        var agent = (await Form(1))[0];
        var app = agent.State.Images[App].ConfigDigest;
        await MakeOther(agent);

        await Tag(agent, App.Value, "app:old");
        await Tag(agent, Other.Value, App.Value);

        Assert.Equal(app, agent.State.Images[new ImageReference("app:old")].ConfigDigest);
        Assert.NotEqual(app, agent.State.Images[App].ConfigDigest);
    }

    [Fact]
    public async Task A_copy_that_another_host_has_too_gives_up_its_name_and_the_fleet_follows()
    {
        var agents = await Form(2);
        await FleetSpreadTests.MakeImage(agents[1]);
        await FleetSpreadTests.Explained(agents[0], image => FleetSpreadTests.Whole(image) == 2);
        await MakeOther(agents[0]);

        var tagged = await Tag(agents[0], Other.Value, App.Value);

        await FleetSpreadTests.Explained(agents[1], image => image.Id == tagged.Id);
    }

    [Fact]
    public async Task An_image_that_is_imported_or_copied_under_the_name_is_refused_and_leaves_nothing()
    {
        var agents = await Form(2);
        var app = agents[0].State.Images[App].ConfigDigest;
        var devices = agents[0].State.Devices.Count;
        await MakeOther(agents[1], App);

        var copy = agents[0].Get<ImageCopies>().Start(
            NewRequest(), agents[0].Picture, new HostName("host2"), App.Value);
        var copied = await Assert.ThrowsAsync<RefusedException>(() => copy.Done.WaitAsync(FleetAgents.Patience));
        var imported = await Assert.ThrowsAsync<RefusedException>(() => Import(agents[0], force: false));

        foreach (var refused in new[] { copied, imported })
            Assert.Contains("no other host that is there", refused.Refusal.Why, StringComparison.Ordinal);
        Assert.Equal(app, agents[0].State.Images[App].ConfigDigest);
        await TwoAgents.Eventually(() => agents[0].State.Devices.Count == devices, "a layer is left");

        await Import(agents[0], force: true);

        Assert.NotEqual(app, agents[0].State.Images[App].ConfigDigest);
    }

    /// <summary>So many hosts, of which the first has the image.</summary>
    private async Task<ServedAgent[]> Form(int count)
    {
        var agents = await Fleet.Form(count);
        foreach (var agent in agents)
            agent.Get<LastCopies>().Patience = FleetAgents.Patience;
        await FleetSpreadTests.MakeImage(agents[0]);
        await FleetSpreadTests.Explained(agents[0], image => FleetSpreadTests.Whole(image) == 1);
        return agents;
    }

    private static async Task MakeOther(ServedAgent agent, ImageReference? name = null) => await TwoAgents.Tag(
        agent, name ?? Other, await TwoAgents.AddLayer(agent, null, 2, ByteSize.MiB(1)),
        TwoAgents.Config.Replace("amd64", "arm64", StringComparison.Ordinal));

    private static Task<ImageDetails> Tag(ServedAgent agent, string image, string name, bool force = false) =>
        new Api.Admin.V1.Images.ImagesClient(agent.AdminChannel).TagAsync(new TagImageRequest
        {
            RequestId = FleetSpreadTests.NewId(), Pool = ServedAgent.Pool.Value, Image = image, Reference = name,
            Force = force,
        }).ResponseAsync;

    private static async Task Import(ServedAgent agent, bool force)
    {
        var archive = Path.GetTempFileName();
        try
        {
            await using (var tar = new TarWriter(File.Create(archive), TarEntryFormat.Pax))
                await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, "etc/"));
            await agent.Get<ImageImporter>().Import(
                agent.Picture,
                new ImportAsked(
                    NewRequest(), archive, new ImportChoice(App, Select: null, Platform: null, Format: null), force),
                _ => { }, CancellationToken.None);
        }
        finally
        {
            File.Delete(archive);
        }
    }
}
