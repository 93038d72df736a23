namespace DmAgents.Cli.Output;

internal static class Labels
{
    public static IEnumerable<string> Of(IDictionary<string, string> labels) =>
        labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}");
}
