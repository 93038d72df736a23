using System.Security.Cryptography;
using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;
using Grpc.Core;

namespace DmAgents.EndToEnd.Tests.Storms;

/// <summary>One client: makes containers, writes, commits and removes, and knows what it was told is so.</summary>
internal sealed class StormClient(int number, AgentClient agent, AgentPlaces places, string pool, StormLog log)
{
    public const string FirstImage = "storm:first";

    private const int MostContainers = 4;
    private const int MostImages = 4;

    private readonly SortedDictionary<string, Held> _containers = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _images = new(StringComparer.Ordinal);
    private int _made;

    private sealed record Held(int Seed, bool IsMounted);

    /// <summary>Its images, and what each holds.</summary>
    public IReadOnlyDictionary<string, int> Images => _images;

    public IEnumerable<string> Mounted => _containers.Where(c => c.Value.IsMounted).Select(c => c.Key);

    public IEnumerable<string> Containers => _containers.Keys;

    /// <summary>Takes up what an earlier one was told, and brings to an end what it had asked for.</summary>
    public async Task TakeUp(IEnumerable<StormStep> done, IEnumerable<StormStep> open)
    {
        foreach (var step in done.Where(step => step.Client == number))
            Apply(step);
        foreach (var step in open.Where(step => step.Client == number))
            await Finish(step);
    }

    /// <summary>Steps until the agent is gone or it is cancelled. One that has no answer is left open in the log.
    /// </summary>
    public async Task<StormStep?> Run(Random random, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            var step = Next(random);
            log.Asked(step);
            try
            {
                await Finish(step);
            }
            catch (RpcException gone) when (gone.StatusCode is StatusCode.Unavailable or StatusCode.Internal)
            {
                return step;
            }
        }
        return null;
    }

    /// <summary>Every container that was acknowledged is there as it was left.</summary>
    public async Task MustHold()
    {
        foreach (var (name, held) in _containers)
        {
            var found = await agent.ShowContainer(pool, name);
            Assert.Equal((name, held.IsMounted), (name, found.State == DeviceState.Mounted));
            if (held.IsMounted)
                Assert.Equal((name, DigestOf(held.Seed)), (name, await DigestIn(found.MountPath)));
        }
    }

    public static string DigestOf(int seed) => seed == 0 ? "" : Convert.ToHexString(SHA256.HashData(Content(seed)));

    /// <summary>Of what a client wrote there; empty where it wrote nothing.</summary>
    public static async Task<string> DigestIn(string mount) =>
        File.Exists($"{mount}/written") ? await Files.Digest($"{mount}/written") : "";

    private async Task Finish(StormStep step)
    {
        await Perform(step);
        log.Done(step);
        Apply(step);
    }

    private StormStep Next(Random random)
    {
        var mounted = Mounted.ToList();
        var idle = _containers.Keys.Except(mounted, StringComparer.Ordinal).ToList();
        var name = $"c{number}-{_made}";
        var kind = random.Next(10);
        return kind switch
        {
            < 3 when mounted.Count > 0 => Step("write", Any(mounted), seed: random.Next(1, int.MaxValue)),
            < 5 when _containers.Count > 0 && _images.Count < MostImages =>
                Step("commit", Any(_containers.Keys), $"storm/i{number}-{_made}:1"),
            5 when mounted.Count > 0 => Step("unmount", Any(mounted)),
            6 when idle.Count > 0 => Step("mount", Any(idle)),
            7 when _containers.Count > 1 => Step("remove", Any(_containers.Keys)),
            8 when _images.Count > 1 => Step("remove-image", Any(_images.Keys)),
            _ when _containers.Count < MostContainers =>
                Step("create", name, _images.Count > 0 && random.Next(2) == 0 ? Any(_images.Keys) : FirstImage),
            _ => Step("remove", Any(_containers.Keys)),
        };

        string Any(IEnumerable<string> names) => names.ElementAt(random.Next(names.Count()));
        StormStep Step(string verb, string of, string image = "", int seed = 0) =>
            new(number, verb, of, image, seed, AgentClient.NewId());
    }

    private void Apply(StormStep step)
    {
        switch (step.Verb)
        {
            case "create":
                _made++;
                _containers[step.Name] = new Held(_images.GetValueOrDefault(step.Image), IsMounted: true);
                break;
            case "write":
                _containers[step.Name] = _containers[step.Name] with { Seed = step.Seed };
                break;
            case "commit":
                _made++;
                _images[step.Image] = _containers[step.Name].Seed;
                break;
            case "mount" or "unmount":
                _containers[step.Name] = _containers[step.Name] with { IsMounted = step.Verb == "mount" };
                break;
            case "remove":
                _containers.Remove(step.Name);
                break;
            default:
                _images.Remove(step.Name);
                break;
        }
    }

    private async Task Perform(StormStep step)
    {
        using var deadline = new CancellationTokenSource(Patience.Limit);
        while (true)
        {
            try
            {
                await Ask(step);
                return;
            }
            catch (RpcException busy) when (busy.StatusCode == StatusCode.Aborted && !deadline.IsCancellationRequested)
            {
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }

    private async Task Ask(StormStep step)
    {
        switch (step.Verb)
        {
            case "create":
                await agent.Containers.CreateAsync(new CreateContainerRequest
                {
                    RequestId = step.Request, Pool = pool, Name = step.Name, Image = step.Image, Mount = true,
                });
                break;
            case "write":
                await using (var file = File.Create($"{places.Mount(pool, step.Name)}/written"))
                {
                    await file.WriteAsync(Content(step.Seed));
                    file.Flush(flushToDisk: true);
                }
                break;
            case "commit":
                await agent.Containers.CommitAsync(new CommitContainerRequest
                {
                    RequestId = step.Request, Pool = pool, Container = step.Name, Reference = step.Image,
                });
                break;
            case "mount":
                await agent.Containers.MountAsync(new MountContainerRequest
                {
                    RequestId = step.Request, Pool = pool, Container = step.Name,
                });
                break;
            case "unmount":
                await agent.Containers.UnmountAsync(new UnmountContainerRequest
                {
                    RequestId = step.Request, Pool = pool, Container = step.Name,
                });
                break;
            case "remove":
                await agent.Containers.RemoveAsync(new RemoveContainerRequest
                {
                    RequestId = step.Request, Pool = pool, Container = step.Name, Force = true,
                });
                break;
            default:
                await agent.Images.RemoveAsync(new RemoveImageRequest
                {
                    RequestId = step.Request, Pool = pool, Image = step.Name,
                });
                break;
        }
    }

    private static byte[] Content(int seed)
    {
        var random = new Random(seed);
        var bytes = new byte[random.Next(1, 512 << 10)];
        random.NextBytes(bytes);
        return bytes;
    }
}
