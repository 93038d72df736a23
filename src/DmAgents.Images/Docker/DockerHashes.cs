using System.Text.RegularExpressions;

namespace DmAgents.Images.Docker;

/// <summary>The hashes by which Docker names devices, containers and layers.</summary>
internal static partial class DockerHashes
{
    /// <summary>64 hexadecimal digits; the device between a container and its image has "-init" behind them.</summary>
    public static bool IsDevice(string name) => Device().IsMatch(name);

    /// <summary>Twelve digits, as Docker shows them.</summary>
    public static string Short(string hash) => hash.Length <= 12 ? hash
        : hash.EndsWith("-init", StringComparison.Ordinal) ? hash[..12] + "-init" : hash[..12];

    [GeneratedRegex(@"\A[a-f0-9]{64}(-init)?\z")]
    private static partial Regex Device();
}
