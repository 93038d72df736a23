using DmAgents.Agent.Transfers;
using DmAgents.Api.Admin.V1;
using DmAgents.Api.Containerd.Snapshots.V1;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace DmAgents.Agent.Tests.Transfers;

/// <summary>Answers of a host that says something else than it should.</summary>
public sealed class HostileAnswerTests : TwoAgents
{
    private static readonly string _chain = ChainOf(0).Value;

    /// <summary>None that, unchanged, is an image or a layer that could be had.</summary>
    private static readonly string[] _answers =
    [
        """{"work":{"layers":-1,"of":0}}""",
        """{"refusal":{"kind":"Busy","what":"cannot","subject":"x","why":"no","next":"never"}}""",
        """{"refusal":{"kind":99,"what":"","subject":"","why":"","next":""}}""",
        """{"offer":{"reference":"app:1","config_digest":"sha256:00","config":"{}","layers":[null]}}""",
        $$"""{"held":[{"chain":"{{_chain}}","size":1,"file_system":"Ext4","content":null},null]}""",
        $$$"""{"content":{"name":"{{{_chain}}}","content":"blake3:0","size":0,"file_system":"Xfs","changed":0}}""",
        """{"held_contents":[null,{"content":"x","is_whole":true,"serving":-5}]}""",
        """{"bringing":{"phase":"Receiving","layer":9,"layers":-1,"received":9,"total":0}}""",
        """{"brought":"No Reference at all"}""",
    ];

    private readonly HostileTalk.Peers _peers = new();

    internal override void More(IServiceCollection services) => services.AddSingleton<ILayerPeers>(_peers);

    [Fact]
    public async Task Whatever_a_host_answers_a_copy_is_refused_with_a_reason_and_leaves_nothing()
    {
        for (var seed = 0; seed < 150; seed++)
        {
            _peers.Says = HostileTalk.Of(_answers, new Random(seed));
            Named(await Record.ExceptionAsync(() => Copy()), seed);
            Named(await Record.ExceptionAsync(Push), seed);
        }

        await NothingIsLeft(Target);
    }

    [Fact]
    public async Task Whatever_a_host_answers_containerd_unpacks_by_itself_and_nothing_is_left()
    {
        for (var seed = 0; seed < 150; seed++)
        {
            _peers.Says = HostileTalk.Of(_answers, new Random(seed));
            var key = $"unpacks {seed}";
            await Target.Snapshots.PrepareAsync(new PrepareSnapshotRequest
            {
                Snapshotter = "dmagents", Key = key, Labels = { ["containerd.io/snapshot.ref"] = _chain },
            }).ResponseAsync.WaitAsync(Patience);
            await Target.Snapshots.RemoveAsync(new RemoveSnapshotRequest { Snapshotter = "dmagents", Key = key });
        }

        await NothingIsLeft(Target);
    }

    /// <summary>What no one expected would come without a problem.</summary>
    private static void Named(Exception? thrown, int seed)
    {
        Assert.True(thrown is RpcException { Trailers.Count: > 0 }, $"seed {seed}: {thrown}");
        Assert.NotEmpty(ProblemOf((RpcException)thrown).Why);
    }

    private async Task Push()
    {
        using var call = new Api.Admin.V1.Transfers.TransfersClient(Target.AdminChannel).CopyImage(
            new CopyImageRequest { RequestId = NewRequest().ToString(), Image = App.Value, ToHosts = { "one" } });
        while (await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience))
        {
        }
    }
}
