using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Images;
using DmAgents.Domain.Units;
using DmAgents.Testing.Contracts;
using DmAgents.Transfer.Content;
using Grpc.Core;

namespace DmAgents.Agent.Tests.Transfers;

/// <summary>Several copies into one pool.</summary>
public sealed class CopiesBesideEachOtherTests : TwoAgents
{
    [Fact]
    public async Task A_cancelled_copy_leaves_the_layer_that_another_one_found_present()
    {
        var layers = await MakeImage(2);
        var other = new ImageReference("other:1");
        await Tag(Source, other, await AddLayer(Source, layers[0], 9, ByteSize.MiB(1)));
        var (hold, connections) = (new TaskCompletionSource(), 0);
        // The first layer comes; each copy waits before its own second one.
        Link.BeforeBlocks = () => Interlocked.Increment(ref connections) == 1 ? Task.CompletedTask : hold.Task;
        var cancelled = NewRequest();
        var first = Copy(request: cancelled);
        await Eventually(() => Volatile.Read(ref connections) == 2, "the first copy waits for its second layer");
        var second = Copy(other.Value);
        await Eventually(() => Volatile.Read(ref connections) == 3, "the second copy waits for its second layer");

        Target.Get<ImageCopies>().Cancel(cancelled);

        await Assert.ThrowsAsync<RpcException>(() => first);
        hold.SetResult();
        Assert.Equal(other.Value, (await second).Reference);
        Assert.Equal(ContentOf(Source, 0), ContentOf(Target, 0));
        await NothingIsLeft(Target);
    }

    [Fact]
    public async Task Nothing_is_kept_of_a_turn_that_has_ended()
    {
        var turns = new Turns<string>();
        var first = await turns.TakeAsync("a", CancellationToken.None);
        var second = turns.TakeAsync("a", CancellationToken.None);
        using var cancellation = new CancellationTokenSource();
        var third = turns.TakeAsync("a", cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        Assert.False(second.IsCompleted);

        first.Dispose();
        (await second.WaitAsync(Patience)).Dispose();

        Assert.Equal(0, turns.Count);
    }

    [Fact]
    public async Task A_map_that_comes_before_its_layer_is_not_swept()
    {
        var layers = await MakeImage(1);
        var map = await Source.Get<ContentMaps>().GetAsync(ServedAgent.Pool, layers[0], CancellationToken.None);
        var (maps, paths) = (Target.Get<ContentMaps>(), Target.Picture.Paths);
        maps.Keep(paths, layers[0], map).Must();

        maps.Sweep(ServedAgent.Pool);

        Assert.True(File.Exists(paths.ContentFileOf(layers[0])));
    }
}
