using System.Globalization;
using System.Text.RegularExpressions;
using DmAgents.Api.Admin.V1;
using DmAgents.Api.Containerd.Snapshots.V1;
using DmAgents.EndToEnd.Tests.Support;
using Grpc.Core;

namespace DmAgents.EndToEnd.Tests.Fleet;

/// <summary>Three agents of one fleet: a layer that containerd needs on the third comes from both others.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed partial class LayerSourcesTests(AgentFixture fixture) : IAsyncLifetime
{
    private const int MiB = 1 << 20;
    private const int Length = 48 * MiB;
    private const string Image = "sources:1";

    private readonly List<OwnAgent> _agents = [];

    public async Task InitializeAsync()
    {
        for (var number = 1; number <= 3; number++)
        {
            var agent = await OwnAgent.Start(fixture, $"sources-{number}", more: Settings(number));
            _agents.Add(agent);
            if (number == 1)
            {
                await agent.Client.Fleets.InitAsync(new InitFleetRequest { Name = "lab", Host = "one" });
                continue;
            }
            var token = await _agents[0].Client.Fleets.MakeTokenAsync(new MakeFleetTokenRequest { LifeSeconds = 3600 });
            using var joining = agent.Client.Fleets.Join(new JoinFleetRequest
            {
                Address = token.Address, Token = token.Token, Host = $"host-{number}",
            });
            await foreach (var _ in joining.ResponseStream.ReadAllAsync())
            {
            }
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var agent in Enumerable.Reverse(_agents))
            await agent.DisposeAsync();
    }

    [Fact]
    public async Task A_layer_that_two_hosts_have_comes_from_both_as_their_metrics_count()
    {
        var (directory, _) = await OciLayout.Write("sources", await SmallImage.Write("sources-low", Length, seed: 3));
        var image = await _agents[0].Client.Import(_agents[0].Pool, directory, Image);
        var layer = Assert.Single(image.Layers).ChainId;
        await Comes(_agents[1], layer);
        var before = await Task.WhenAll(Sent(1), Sent(2));
        Assert.InRange(before[0], Length, long.MaxValue);
        Assert.Equal(0, before[1]);

        await Comes(_agents[2], layer);

        var first = await Sent(1) - before[0];
        var second = await Sent(2) - before[1];
        Assert.True(
            first > 2 * MiB && second > 2 * MiB && first + second >= Length,
            $"of {Length} bytes one host sent {first}, and the other {second}");
        // Little came twice: what one source was asked for, the other is not.
        Assert.InRange(first + second, Length, Length + Length / 2);
        foreach (var agent in _agents)
            await agent.Client.MustAgree(agent.Pool);
    }

    /// <summary>As containerd asks for it: the answer is that the layer is there, so that containerd does not pull it.
    /// </summary>
    private static async Task Comes(OwnAgent agent, string layer)
    {
        using var channel = UnixChannel.To(agent.Places.ContainerdSocket);
        var request = new PrepareSnapshotRequest { Snapshotter = "dmagents", Key = $"extract-1 {layer}" };
        request.Labels.Add("containerd.io/snapshot.ref", layer);
        var metadata = new Metadata { { "containerd-namespace", "k8s.io" } };
        var answer = await Assert.ThrowsAsync<RpcException>(
            () => new Snapshots.SnapshotsClient(channel).PrepareAsync(request, metadata).ResponseAsync);
        Assert.True(answer.StatusCode == StatusCode.AlreadyExists, $"{answer.Status}: {agent.Process.Log}");
    }

    private static async Task<long> Sent(int number)
    {
        using var client = new HttpClient();
        var text = await client.GetStringAsync(new Uri($"http://127.0.0.1:{MetricsOf(number)}/metrics"));
        return long.Parse(SentBytes().Match(text).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^dmagents_transfer_sent_bytes_total\S* (\d+)", RegexOptions.Multiline)]
    private static partial Regex SentBytes();

    private static int MetricsOf(int number) => 9600 + number;

    /// <summary>So slow that no source has sent all before the other one is asked.</summary>
    private static string Settings(int number) => $$"""
        metrics.listen = "127.0.0.1:{{MetricsOf(number)}}"
        fleet {
          address = "127.0.0.1:{{9501 + 10 * number}}"
          join-patience = 3m
          transfer.rate = "6MiB"
          containerd { answer-within = 60s, stalled-after = 3m }
        }
        """;
}
