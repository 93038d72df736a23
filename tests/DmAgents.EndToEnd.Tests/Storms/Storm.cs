using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Kernel;
using DmAgents.Testing.Contracts;

namespace DmAgents.EndToEnd.Tests.Storms;

/// <summary>
/// Several clients at work at once on one pool, whose agent or host dies at any moment; and what must be so after it.
/// The seed tells what the clients do; when what dies is a matter of luck.
/// </summary>
internal sealed class Storm(
    int seed, string pool, AgentClient agent, AgentPlaces places, LinuxKernel kernel, string logPath)
{
    private const int ClientCount = 4;

    private readonly StormLog _log = new(logPath);
    private IReadOnlyList<StormClient> _clients = [];
    private int _steps;

    /// <summary>Makes the image that all begins with, once.</summary>
    public async Task Begin()
    {
        var images = await agent.Images.ListAsync(new ListImagesRequest { Pool = pool });
        if (images.Images.All(image => image.Reference != StormClient.FirstImage))
        {
            var archive = await SmallImage.Write($"storm-{pool}", dataLength: 1 << 20, seed: 1);
            await agent.Import(pool, archive, StormClient.FirstImage);
        }
    }

    /// <summary>Lets the clients work until the agent is gone or it is cancelled.</summary>
    public async Task Run(CancellationToken end)
    {
        await Task.WhenAll(_clients.Select((client, i) =>
        {
            var random = new Random(unchecked((((seed * 31) + _steps) * 31) + i));
            return Task.Run(() => client.Run(random, end), CancellationToken.None);
        }));
    }

    /// <summary>After a death and the start of the next agent: all that was acknowledged is there, all that was asked
    /// for can be brought to an end, and nothing is left that should not be.</summary>
    /// <param name="everyImage">Look into each image, and have its file system checked.</param>
    public async Task MustHaveHeld(bool everyImage)
    {
        MustNotBeSuspended();
        var (done, open) = _log.Read();
        _steps = done.Count;
        _clients = [.. Enumerable.Range(0, ClientCount).Select(i => new StormClient(i, agent, places, pool, _log))];
        foreach (var client in _clients)
            await client.TakeUp(done, open);
        foreach (var client in _clients)
            await client.MustHold();
        await MustBeAll();
        await agent.MustAgree(pool);
        foreach (var image in everyImage ? _clients.SelectMany(client => client.Images).ToList() : [])
            await MustHold(image.Key, image.Value);
        await AwaitRemovals();
    }

    private void MustNotBeSuspended() => Assert.DoesNotContain(
        kernel.ListDevices(DeviceNames.UuidPrefix).Must(), device => device.Suspended);

    /// <summary>No container, image, mount or device that no client has.</summary>
    private async Task MustBeAll()
    {
        var containers = await agent.Containers.ListAsync(new ListContainersRequest { Pool = pool });
        Assert.Equal(
            _clients.SelectMany(client => client.Containers).Order(StringComparer.Ordinal),
            containers.Containers.Select(container => container.Name).Order(StringComparer.Ordinal));
        var images = await agent.Images.ListAsync(new ListImagesRequest { Pool = pool });
        Assert.Equal(
            _clients.SelectMany(client => client.Images.Keys).Append(StormClient.FirstImage)
                .Order(StringComparer.Ordinal),
            images.Images.Select(image => image.Reference).Order(StringComparer.Ordinal));
        var below = places.Mount(pool, "");
        Assert.Equal(
            _clients.SelectMany(client => client.Mounted).Order(StringComparer.Ordinal),
            kernel.Mounts().Must().Select(mount => mount.Target.Value)
                .Where(target => target.StartsWith(below, StringComparison.Ordinal))
                .Select(target => target[below.Length..]).Order(StringComparer.Ordinal));
    }

    private async Task MustHold(string image, int content)
    {
        const string Probe = "probe";
        var container = await agent.Create(pool, Probe, image);
        Assert.Equal((image, StormClient.DigestOf(content)), (image, await StormClient.DigestIn(container.MountPath)));
        await agent.Unmount(pool, Probe);
        await agent.Remove(pool, Probe);
        var untouched = await agent.Create(pool, Probe, image, mount: false);
        await using (var device = RawDevice.Activate(kernel, untouched))
            await device.MustBeSound("/usr/sbin/e2fsck", "-fn");
        await agent.Remove(pool, Probe);
    }

    private Task AwaitRemovals() => Patience.Until(
        async () => (await agent.Show(pool)).PendingRemovals.Count == 0, "removals end");
}
