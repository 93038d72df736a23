using DmAgents.Cli.Parsing;
using Google.Protobuf.WellKnownTypes;

namespace DmAgents.Cli.Output;

internal static class Times
{
    public static string Ago(Timestamp? time, DateTimeOffset now) =>
        time is null ? "-" : TimeSpans.Ago(time.ToDateTimeOffset(), now);

    public static string In(Timestamp time, DateTimeOffset now) => TimeSpans.In(time.ToDateTimeOffset(), now);
}
