using System.Buffers;
using System.CommandLine.Parsing;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;

namespace DmAgents.Cli.Parsing;

/// <summary>Sizes as people write and read them: 10G and 10GiB are binary, 10GB is decimal, 512 is bytes.</summary>
internal static class Sizes
{
    private const string Letters = "KMGTPE";
    private static readonly SearchValues<char> _number = SearchValues.Create("0123456789.");

    public static bool TryParse(string text, out ulong bytes, [NotNullWhen(false)] out string? why)
    {
        bytes = 0;
        var digits = text.AsSpan().Trim();
        var end = digits.IndexOfAnyExcept(_number);
        var unit = end < 0 ? default : digits[end..].Trim();
        var number = end < 0 ? digits : digits[..end];
        if (!TryFactor(unit, out var factor))
        {
            why = $"'{text}' is not a size: use bytes or a unit such as 512MiB, 10G or 1.5TiB.";
            return false;
        }

        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
        {
            why = $"'{text}' is not a size: it has to begin with a number.";
            return false;
        }

        // By division: the product of a long number and a large unit would overflow even decimal.
        if (value > ulong.MaxValue / factor)
        {
            why = $"'{text}' is beyond 16 EiB.";
            return false;
        }

        bytes = (ulong)(value * factor);
        why = bytes == 0 ? $"'{text}' is no size: it has to be at least one byte." : null;
        return why is null;
    }

    public static ulong? Parse(ArgumentResult result)
    {
        if (TryParse(result.Tokens[0].Value, out var bytes, out var why))
            return bytes;
        result.AddError(why);
        return null;
    }

    public static string Format(ulong bytes)
    {
        if (bytes < 1024)
            return $"{bytes} B";
        var step = (BitOperations.Log2(bytes)) / 10;
        // 1023.96 MiB must read 1 GiB, not 1024 MiB.
        if (Math.Round((decimal)bytes / (1UL << (10 * step)), 1) >= 1024 && step < Letters.Length)
            step++;
        var value = Math.Round((decimal)bytes / (1UL << (10 * step)), 1);
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {Letters[step - 1]}iB");
    }

    private static bool TryFactor(ReadOnlySpan<char> unit, out decimal factor)
    {
        factor = 1;
        if (unit.IsEmpty || unit is "B" or "b")
            return true;
        var step = Letters.IndexOf(char.ToUpperInvariant(unit[0]), StringComparison.Ordinal) + 1;
        if (step == 0)
            return false;
        var rest = unit[1..];
        if (rest.IsEmpty || rest.Equals("iB", StringComparison.OrdinalIgnoreCase))
            factor = 1UL << (10 * step);
        else if (rest.Equals("B", StringComparison.OrdinalIgnoreCase))
            factor = Power(1000, step);
        else
            return false;
        return true;
    }

    private static decimal Power(decimal number, int times)
    {
        var power = 1m;
        for (var i = 0; i < times; i++)
            power *= number;
        return power;
    }
}
