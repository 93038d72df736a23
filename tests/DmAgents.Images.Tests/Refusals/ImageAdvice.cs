using System.Runtime.CompilerServices;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Refusals;

/// <summary>What refusals of archives advise, by the source of the project.</summary>
internal static class ImageAdvice
{
    /// <param name="folders">Of the project.</param>
    public static IReadOnlyCollection<string> In(params string[] folders) => AdviceInSource.Of(
        folders.SelectMany(folder => Directory.GetFiles(Path.Combine(SourceDirectory(), folder), "*.cs")),
        // Refusals, and tuples that become some, begin with their reason and what happened.
        ("new ImageException\\(", 2), ("ImageReason\\.\\w+,", 1),
        // What is handed on to the place that refuses.
        ("ImageLayers\\.Join\\(", 3), ("\\bMismatch\\(", 2), ("SkopeoDirectory\\(", 1));

    private static string SourceDirectory([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../src/DmAgents.Images"));
}
