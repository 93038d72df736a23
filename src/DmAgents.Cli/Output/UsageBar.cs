using System.Globalization;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Parsing;
using Spectre.Console;

namespace DmAgents.Cli.Output;

internal static class UsageBar
{
    private const int Cells = 20;

    public static string Markup(IAnsiConsole console, Space? space)
    {
        if (space is null)
            return "unknown";
        var filled = (int)Math.Round(Words.Share(space.UsedBytes, space.TotalBytes) * Cells / 100d);
        var (full, empty) = console.Profile.Capabilities.Ansi ? ('█', '░') : ('#', '.');
        return string.Create(
            CultureInfo.InvariantCulture,
            $"[{Colour(space)}]{new string(full, filled)}{new string(empty, Cells - filled)}[/] {Text(space)}");
    }

    public static string Text(Space? space) => space is null
        ? "unknown"
        : $"{Sizes.Format(space.UsedBytes)} of {Sizes.Format(space.TotalBytes)} "
            + $"({Words.Percent(space.UsedBytes, space.TotalBytes)}), {Sizes.Format(space.FreeBytes)} free";

    private static string Colour(Space space) => Words.Share(space.UsedBytes, space.TotalBytes) switch
    {
        >= 90 => "red",
        >= 75 => "yellow",
        _ => "green",
    };
}
