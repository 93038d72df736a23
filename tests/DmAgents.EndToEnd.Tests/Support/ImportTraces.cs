using DmAgents.Domain.Devices;
using DmAgents.Kernel;
using DmAgents.Testing.Contracts;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>What an import changes in a pool and on its host, to see that nothing of it is left.</summary>
internal sealed class ImportTraces
{
    private readonly LinuxKernel _kernel;
    private readonly AgentClient _client;
    private readonly AgentPlaces _places;
    private readonly string _pool;
    private string _before = "";

    private ImportTraces(LinuxKernel kernel, AgentClient client, AgentPlaces places, string pool) =>
        (_kernel, _client, _places, _pool) = (kernel, client, places, pool);

    public static async Task<ImportTraces> Before(
        LinuxKernel kernel, AgentClient client, AgentPlaces places, string pool)
    {
        var traces = new ImportTraces(kernel, client, places, pool);
        traces._before = await traces.Look();
        return traces;
    }

    /// <summary>All is as it was before the import, and the agent says that all agrees.</summary>
    public async Task MustBeGone(AgentProcess agent)
    {
        await Patience.Until(async () => (await Archives.Of(agent)).Count == 0, "the archive is given up");
        var last = _before;
        await Patience.Until(
            async () => (last = await Look()) == _before,
            () => $"nothing is left of the import: {_before}; but there are {last}");
        Assert.Empty(Archives.Named(_places));
        _places.MustShowNoImport(_pool);
        await _client.MustAgree(_pool);
    }

    /// <summary>Where layers are filled, in the order in which they were begun.</summary>
    public static IReadOnlyList<string> Mounts(AgentPlaces places, string pool) =>
    [
        .. File.ReadLines("/proc/mounts").Select(line => line.Split(' ')[1])
            .Where(target => target.StartsWith($"{places.Pool(pool)}/mnt/import", StringComparison.Ordinal)),
    ];

    private async Task<string> Look()
    {
        var content = await new PoolMeter(_kernel, _client, _places, _pool).Content();
        var devices = _kernel.ListDevices(DeviceNames.UuidPrefix).Must()
            .Select(device => device.Name.Value).Order(StringComparer.Ordinal);
        return $"thin ids {content.Ids}, {content.Blocks} blocks, devices {string.Join(' ', devices)}, "
            + $"mounts {string.Join(' ', Mounts(_places, _pool))}";
    }
}
