using System.Globalization;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>Archives that an agent is sent: files without a name, which only its descriptors show.</summary>
internal static class Archives
{
    private const string Spool = "dmagents-spool";

    /// <summary>How many bytes the agent has of each.</summary>
    public static async Task<IReadOnlyList<long>> Of(AgentProcess agent)
    {
        var sizes = new List<long>();
        foreach (var descriptor in Directory.GetFiles($"/proc/{agent.Id}/fd").Where(IsSpool))
        {
            var found = await Shell.Run("/usr/bin/stat", "-L", "-c", "%s", descriptor);
            if (found.Status == 0)
                sizes.Add(long.Parse(found.Output, CultureInfo.InvariantCulture));
        }
        return sizes;
    }

    /// <summary>Those that have a name, because an agent died between making the file and taking its name away.
    /// </summary>
    public static IReadOnlyList<string> Named(AgentPlaces places) =>
        Directory.GetFiles(places.StateDirectory, $"{Spool}*");

    /// <summary>Leaves what such an agent would leave.</summary>
    public static Task<string> Leave(AgentPlaces places, int length) =>
        Files.Write($"{places.StateDirectory}/{Spool}-left", length, seed: 5);

    /// <summary>Waits until the agent has so many bytes of an archive.</summary>
    public static Task Arrive(AgentProcess agent, long bytes) => Patience.Until(
        async () => (await Of(agent)).Any(size => size >= bytes), $"{bytes} bytes of an archive arrive");

    private static bool IsSpool(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.Name
                .Contains(Spool, StringComparison.Ordinal) == true;
        }
        catch (FileNotFoundException)
        {
            // Closed since it was listed.
            return false;
        }
    }
}
