using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;
using Grpc.Core;

namespace DmAgents.EndToEnd.Tests.Fleet;

/// <summary>Two agents of one fleet, each with a pool of its own: an image goes from one to the other.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class CopyTests(AgentFixture fixture) : IAsyncLifetime
{
    private const int MiB = 1 << 20;
    private const string Image = "copied:1";

    private OwnAgent _one = null!;
    private OwnAgent _two = null!;

    public async Task InitializeAsync()
    {
        _one = await OwnAgent.Start(fixture, "copy-one", more: Fleet(9471, "8MiB"));
        _two = await OwnAgent.Start(fixture, "copy-two", more: Fleet(9481, ""));
        await _one.Client.Fleets.InitAsync(new InitFleetRequest { Name = "lab", Host = "one" });
        var token = await _one.Client.Fleets.MakeTokenAsync(new MakeFleetTokenRequest { LifeSeconds = 3600 });
        using var joining = _two.Client.Fleets.Join(
            new JoinFleetRequest { Address = token.Address, Token = token.Token, Host = "two" });
        await foreach (var _ in joining.ResponseStream.ReadAllAsync())
        {
        }
    }

    public async Task DisposeAsync()
    {
        await _two.DisposeAsync();
        await _one.DisposeAsync();
    }

    [Fact]
    public async Task An_image_is_copied_and_a_container_starts_from_it()
    {
        await Import(8 * MiB);

        var image = await _two.Client.Copy(_two.Pool, Image, "one");

        Assert.Equal(2, image.Layers.Count);
        await MustBeEqual();
        // What the pool has is not brought again.
        await _two.Client.Copy(_two.Pool, Image, "one");
        await _two.Client.RemoveImage(_two.Pool, Image);
        Assert.Contains($"{Image} is on two", await Shell.Must(
            Places.Cli, "--socket", _one.Places.Socket, "image", "copy", Image, "--to", "two"), StringComparison.Ordinal);
        await MustBeEqual();
        var unknown = await AgentClient.Refused(
            Problem.Types.Kind.NotFound, () => _two.Client.Copy(_two.Pool, "unknown:1", "one"));
        Assert.Contains("host one", unknown.Why, StringComparison.Ordinal);
        await AgentClient.Refused(
            Problem.Types.Kind.NotFound, () => _two.Client.Copy(_two.Pool, Image, "three"));
    }

    [Fact]
    public async Task A_receiver_that_is_killed_midway_goes_on_with_what_it_has()
    {
        await Import(48 * MiB);
        var midway = new TaskCompletionSource();
        var copying = _two.Client.Copy(_two.Pool, Image, "one", step =>
        {
            // Some of the second layer has come, and was noted.
            if (step.LayerIndex == 2 && step.BytesReceived > 20UL * MiB)
                midway.TrySetResult();
        });
        await Task.WhenAny(midway.Task, copying);
        Assert.True(midway.Task.IsCompleted, $"the copy ended before: {copying.Exception}");

        await _two.Process.Kill();
        await Assert.ThrowsAsync<RpcException>(() => copying);
        await _two.Restart();

        await Patience.Until(
            async () => (await _two.Client.Images.ListAsync(new ListImagesRequest()))
                .Images.Any(image => image.Reference == Image),
            "the copy has gone on");
        Assert.Contains("continues", _two.Process.Log, StringComparison.Ordinal);
        await MustBeEqual();
    }

    [Fact]
    public async Task A_sender_that_is_killed_midway_leaves_nothing_live_and_the_copy_goes_on_when_it_is_back()
    {
        await Import(48 * MiB);
        var midway = new TaskCompletionSource();
        var copying = _two.Client.Copy(_two.Pool, Image, "one", step =>
        {
            if (step.LayerIndex == 2 && step.BytesReceived > 20UL * MiB)
                midway.TrySetResult();
        });
        await Task.WhenAny(midway.Task, copying);
        Assert.True(midway.Task.IsCompleted, $"the copy ended before: {copying.Exception}");

        await _one.Process.Kill();
        await _one.Restart();

        await copying.WaitAsync(Patience.Limit);
        await MustBeEqual();
    }

    private static string Fleet(int port, string rate) => $$"""
        fleet {
          address = "127.0.0.1:{{port}}"
          join-patience = 3m
          transfer.rate = "{{rate}}"
        }
        """;

    /// <summary>Two layers, the second one of this length.</summary>
    private async Task Import(int length)
    {
        var (directory, _) = await OciLayout.Write(
            "copied", await SmallImage.Write("copied-low", MiB, seed: 1),
            await SmallImage.Write("copied-high", length, seed: 2));
        await _one.Client.Import(_one.Pool, directory, Image);
    }

    /// <summary>Layers and a container's file are equal on both, and both pools are in order.</summary>
    private async Task MustBeEqual()
    {
        Assert.Equal(await Digests(_one), await Digests(_two));
        Assert.Equal(await Data(_one), await Data(_two));
        foreach (var agent in new[] { _one, _two })
        {
            await Patience.Until(
                async () => (await agent.Client.Pools.CheckAsync(new CheckPoolRequest { Pool = agent.Pool })).Agrees,
                "journal, pool and live devices agree");
            await agent.Client.MustAgree(agent.Pool);
        }
    }

    private static async Task<List<(string Layer, string Content)>> Digests(OwnAgent agent)
    {
        var image = await agent.Client.Images.ShowAsync(new ShowImageRequest { Pool = agent.Pool, Image = Image });
        var layers = await agent.Client.Layers.ListAsync(new ListLayersRequest { Pool = agent.Pool });
        var found = image.Layers
            .Select(layer => (layer.ChainId, layers.Layers.Single(each => each.Key == layer.ChainId).ContentDigest))
            .ToList();
        Assert.All(found, layer => Assert.NotEmpty(layer.ContentDigest));
        return found;
    }

    private static async Task<string> Data(OwnAgent agent)
    {
        var container = await agent.Client.Create(agent.Pool, "reader", Image);
        var digest = await Files.Digest($"{container.MountPath}/data");
        await agent.Client.Remove(agent.Pool, "reader");
        return digest;
    }
}
