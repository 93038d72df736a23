using System.Text.Json;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Tests.Support;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace DmAgents.Cli.Tests;

public class OutputTests
{
    public static TheoryData<string> Messages =>
        [.. All().Select(descriptor => descriptor.FullName)];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_message_of_the_api_can_be_written_empty_and_filled(string name)
    {
        var descriptor = All().Single(each => each.FullName == name);
        var message = descriptor.Parser.ParseFrom([]);
        using var empty = JsonDocument.Parse(ProtoJson.Document(message));
        Fill(message, depth: 0);
        using var filled = JsonDocument.Parse(ProtoJson.Line(message));

        var always = descriptor.Fields.InFieldNumberOrder().Where(field => field.RealContainingOneof is null);
        Assert.All(always, field => Assert.True(empty.RootElement.TryGetProperty(field.Name, out _), field.Name));
        Assert.All(always, field => Assert.NotEqual(
            JsonValueKind.Null, filled.RootElement.GetProperty(field.Name).ValueKind));
    }

    [Fact]
    public void The_largest_number_stays_a_number() =>
        Assert.Equal(
            """{"used_bytes":18446744073709551615,"total_bytes":0,"free_bytes":0}""",
            ProtoJson.Line(new Space { UsedBytes = ulong.MaxValue }));

    [Fact]
    public void An_enum_value_of_a_newer_agent_is_its_number() =>
        Assert.Contains(
            "\"state\":77,", ProtoJson.Line(new PoolSummary { State = (PoolState)77 }), StringComparison.Ordinal);

    [Fact]
    public async Task Colours_need_a_terminal_and_heed_NO_COLOR()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("try")).On<ShowPoolRequest>(_ => Samples.LoopPool());
        var coloured = (await Run.Of(agent, Run.Terminal(), "pool", "show")).Out;
        Assert.Matches("\u001b\\[[39]1m", coloured);

        var plain = Run.Terminal() with { Variable = name => name == "NO_COLOR" ? "1" : null };
        var uncoloured = (await Run.Of(agent, plain, "pool", "show")).Out;
        Assert.DoesNotContain("\u001b[3", uncoloured, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[9", uncoloured, StringComparison.Ordinal);

        Assert.DoesNotContain("\u001b", (await Run.Of(agent, "pool", "show")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_agent_says_is_never_read_as_markup()
    {
        var pool = Samples.LoopPool();
        pool.StateCause = "[red]not closed [/dev/vdb";
        pool.Name = "[x]";
        await using var agent = (await FakeAgent.WithPoolsAsync("try")).On<ShowPoolRequest>(_ => pool);
        var run = await Run.Of(agent, "pool", "show");
        Assert.Equal(0, run.Code);
        Assert.Contains("  cause                   [red]not closed [/dev/vdb", run.Lines);
        Assert.Equal("pool [x]", run.Lines[0]);
    }

    [Fact]
    public async Task On_a_narrow_terminal_values_continue_in_their_column()
    {
        var pool = Samples.LoopPool();
        pool.StateCause = "the data device has less than a tenth of its blocks left, and grows no more by itself";
        await using var agent = (await FakeAgent.WithPoolsAsync("try")).On<ShowPoolRequest>(_ => pool);
        var run = await Run.Of(agent, Run.Terminal(80), "pool", "show");
        Assert.Equal(
            [
                "  cause                   the data device has less than a tenth of its blocks",
                "                          left, and grows no more by itself",
            ],
            run.Lines[2..4]);
    }

    private static IEnumerable<MessageDescriptor> All() =>
        new[]
        {
            CommonReflection.Descriptor, HostsReflection.Descriptor, PoolsReflection.Descriptor,
            ImagesReflection.Descriptor, LayersReflection.Descriptor, ContainersReflection.Descriptor,
            EventsReflection.Descriptor,
        }.SelectMany(file => file.Dependencies.Append(file)).Where(file => file.Package == "dmagents.admin.v1")
            .DistinctBy(file => file.Name).SelectMany(file => file.MessageTypes).SelectMany(WithNested);

    private static IEnumerable<MessageDescriptor> WithNested(MessageDescriptor message) =>
        message.NestedTypes.Where(nested => nested.ClrType is not null).SelectMany(WithNested).Prepend(message);

    private static void Fill(IMessage message, int depth)
    {
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            if (field.IsMap)
                ((IDictionary<string, string>)field.Accessor.GetValue(message))["key"] = "value";
            else if (field.IsRepeated)
                ((System.Collections.IList)field.Accessor.GetValue(message)).Add(Value(field, depth));
            else
                field.Accessor.SetValue(message, Value(field, depth));
        }
    }

    private static object Value(FieldDescriptor field, int depth)
    {
        switch (field.FieldType)
        {
            case FieldType.String:
                return "text";
            case FieldType.Bool:
                return true;
            case FieldType.Bytes:
                return ByteString.CopyFromUtf8("bytes");
            case FieldType.UInt32:
                return 7u;
            case FieldType.UInt64:
                return 7ul;
            case FieldType.Enum:
                return Enum.ToObject(field.EnumType.ClrType, field.EnumType.Values[^1].Number);
            default:
                var inner = field.MessageType.Parser.ParseFrom([]);
                if (field.MessageType.File.Package == "dmagents.admin.v1" && depth < 5)
                    Fill(inner, depth + 1);
                return inner;
        }
    }
}
