using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Kernel;
using DmAgents.Testing.Contracts;

namespace DmAgents.EndToEnd.Tests.Storms;

/// <summary>
/// One life of a host in a storm of power cuts: starts the agent, finds that everything acknowledged in earlier lives
/// is there, says so, and works until the power goes. power-cuts.sh is who cuts it.
/// </summary>
internal static class PowerCutStorm
{
    private const string Pool = "storm";

    /// <summary>Disks: data, metadata, and what the agent writes, formatted and mounted already.</summary>
    /// <param name="directory">On a disk that no cut reaches: the log, and a file "verified" when all was
    /// found.</param>
    /// <param name="onlyVerify">End there.</param>
    public static async Task<int> Run(string directory, int seed, bool onlyVerify)
    {
        var places = new AgentPlaces("storm");
        Directory.CreateDirectory(Places.Work);
        places.WriteConfig();
        using var kernel = LinuxKernel.Open().Must();
        using var client = new AgentClient(places.Socket);
        using var process = await AgentProcess.Start(places, client);
        var disks = Environment.GetEnvironmentVariable("LAB_DISKS")!.Split(' ');
        if ((await client.Pools.ListAsync(new ListPoolsRequest())).Pools.Count == 0)
        {
            await client.CreatePool(new CreatePoolRequest
            {
                Name = Pool, Direct = new DirectBacking { DataDevices = { disks[0] }, MetadataDevice = disks[1] },
            });
        }
        var storm = new Storm(seed, Pool, client, places, kernel, $"{directory}/storm.log");
        await storm.Begin();
        await storm.MustHaveHeld(everyImage: true);
        await File.WriteAllTextAsync($"{directory}/verified", "");
        if (!onlyVerify)
            await storm.Run(CancellationToken.None);
        await process.Terminate();
        return 0;
    }
}
