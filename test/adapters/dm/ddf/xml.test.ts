import { describe, expect, it } from 'vitest';
import { readXml, type XmlElement, XmlError } from '../../../../adapters/dm/ddf/xml.ts';

const limits = { depth: 4, elements: 10, text: 20 };

function failure(text: string): readonly [number, string] {
  try {
    readXml(text, limits);
  } catch (error) {
    if (error instanceof XmlError) return [error.line, error.message];
    throw error;
  }
  return expect.unreachable(`read: ${text}`);
}

const names = (element: XmlElement): readonly string[] => [
  `${element.tag}@${element.line}`,
  ...element.children.flatMap(names),
];

describe('an XML document', () => {
  it('is read with the line of every element', () => {
    const text = '<?xml version="1.0"?>\n<a\n x="1"\n><b/>\n<c></c\n>\n</a>\n<!-- end -->\n';
    expect(names(readXml(text, limits))).toEqual(['a@2', 'b@4', 'c@5']);
  });

  it('has its references and CDATA sections resolved, and keeps what was written', () => {
    const text = '<a>1&lt;&#50;&#x33;<b/><![CDATA[<&amp;]]>&quot;&apos;&gt;&amp;</a>';
    const root = readXml(text, { ...limits, text: 100 });
    expect(root.text).toBe('1<23<&amp;"\'>&');
    expect(root.source).toBe('1&lt;&#50;&#x33;<b/><![CDATA[<&amp;]]>&quot;&apos;&gt;&amp;');
  });

  it('knows the namespaces of its elements, the nearest first', () => {
    const text = '<a xmlns="1" xmlns:p="2"><p:b xmlns:p="3" p:x=""/><p:c xmlns=""/><q:d/></a>';
    const root = readXml(text, limits);
    expect([root, ...root.children].map((element) => [element.name, element.namespace])).toEqual([
      ['a', '1'],
      ['b', '3'],
      ['c', '2'],
      ['d', ''],
    ]);
    expect(root.attributes).toEqual([]);
    expect(root.children[0]?.attributes).toEqual(['p:x']);
  });

  it('may have any name, that of a property of objects included', () => {
    const root = readXml('<__proto__><constructor/>x<toString a="1"/></__proto__>', limits);
    expect(names(root)).toEqual(['__proto__@1', 'constructor@1', 'toString@1']);
    expect(failure('<a>&constructor;</a>')).toEqual([1, '&constructor; is not expanded']);
  });

  it('has lines that end with CR LF or CR as if they ended with LF', () => {
    const root = readXml('<a>1\r\n2\r3&#13;<b/></a>', limits);
    expect(root.text).toBe('1\n2\n3\r');
    expect(root.children[0]?.line).toBe(3);
  });

  it.each([
    ['<a>\n<b>\n</a>', 3, "Expected closing tag 'b' (opened in line 2, col 1) instead of closing tag 'a'."],
    ['<a>\n<b>\n<c>text', 3, 'the document ends inside <c>, which begins in line 3'],
    ['<a>\n<!-- b</a>', 2, 'the comment is not closed'],
    ['<a>\n<!-- b -- c --></a>', 2, '-- inside a comment'],
    ['<a>\n<![CDATA[ b</a>', 2, 'the CDATA section is not closed'],
    ['<a>\n<?b </a>', 2, 'the instruction is not closed'],
    ['<a>\n&b;</a>', 2, '&b; is not expanded'],
    ['<a>\nb & c</a>', 2, '& must be written &amp;'],
    ['<a>\n&#0;</a>', 2, '&#0; is not expanded'],
    ['<a>\n&#xD800;</a>', 2, '&#xD800; is not expanded'],
    ['<a>\n&#x110000;</a>', 2, '&#x110000; is not expanded'],
    ['<a>\n]]></a>', 2, ']]> in text must be written ]]&gt;'],
    ['<a>\n\u0001</a>', 2, 'the character U+0001 cannot be in XML'],
    ['<a>\n\uffff</a>', 2, 'the character U+FFFF cannot be in XML'],
    ['<a>\n</a>\nb', 3, 'text outside the root element'],
    ['<a/>\n<b/>', 2, 'a second root element'],
    ['<a/>\n</a>', 2, '</a> without a start tag'],
    ['\n<?xml version="1.0"?><a/>', 2, 'the XML declaration must come first'],
    ['<a/>\n<!DOCTYPE a>', 2, 'a DOCTYPE must come before the root element'],
    ['\n<!DOCTYPE a [<!ENTITY b "', 2, 'the DOCTYPE is not closed'],
    ['<a>\n<a b="<"/></a>', 2, '< inside a tag: it is not closed, or must be written &lt;'],
    [
      '<a>\n<b>\n</a>\n</b>\n</a>',
      3,
      "Expected closing tag 'b' (opened in line 2, col 1) instead of closing tag 'a'.",
    ],
    [
      '<a>\n<b></c></b></a>&d;',
      2,
      "Expected closing tag 'b' (opened in line 2, col 1) instead of closing tag 'c'.",
    ],
    ['<a>\n<b = c="1"/></a>', 2, 'an attribute has no quoted value'],
    ['<a>\n<b c="&d;"/></a>', 2, '&d; is not expanded'],
    ['<a>\n<\u00a0b/></a>', 2, 'white space that XML does not have, inside a tag'],
    ['<a>\n<b></b/></a>', 2, 'the end tag is not closed'],
    ['<a>\n<?<b?></a>', 2, 'an instruction without a name'],
    ['<a>\n<!b></a>', 2, 'the DOCTYPE is not closed'],
    ['\n<![CDATA[b]]><a/>', 2, 'text outside the root element'],
    ['<a/>\n\u00a0', 2, 'text outside the root element'],
    ['<a\nb="1"b="2"/>', 2, "Attribute 'b' has no space in starting."],
    ['<a\nb="1" b="2"/>', 2, "Attribute 'b' is repeated."],
    ['<a\nb/>', 2, "boolean attribute 'b' is not allowed."],
    ['<a>\n<a b=c/></a>', 2, 'an attribute has no quoted value'],
    ['<a>\n<a b="c/></a>', 2, 'the start tag is not closed'],
    ['<a\nb="1"', 1, 'the start tag is not closed'],
    ['<a>\n</a', 2, 'the end tag is not closed'],
    ['<a>\n< b/></a>', 2, "Invalid space after '<'."],
    ['<a>\n<1/></a>', 2, "Tag '1' is an invalid name."],
    [`\n<${'n'.repeat(1001)}/>`, 2, 'a name is longer than 1000 characters'],
    ['', 1, 'the document has no element'],
    ['<a><b><c><d>\n<e/></d></c></b></a>', 2, 'elements nest deeper than 4'],
    [`<a>${'<b/>'.repeat(9)}\n<b/></a>`, 2, 'more than 10 elements'],
    [`<a>\n${'b'.repeat(21)}</a>`, 1, 'the text of <a> is longer than 20 characters'],
    [`<a>\n<a b="${'c'.repeat(21)}"/></a>`, 2, 'an attribute is longer than 20 characters'],
  ])('is refused with its line: %j', (text, line, message) => {
    expect(failure(text)).toEqual([line, message]);
  });

  it('may have instructions, whatever quotes are in them, which are no part of its text', () => {
    const root = readXml(`<?a "?><a>b<?c d='?>c<?d?><b e="'"/>\n<?e\n"?></a><?f '?>`, {
      ...limits,
      text: 100,
    });
    expect(names(root)).toEqual(['a@1', 'b@1']);
    expect(root.text).toBe('bc\n');
    expect(root.source).toBe(`b<?c d='?>c<?d?><b e="'"/>\n<?e\n"?>`);
  });

  it('may have a document type declaration, which is skipped whatever it says', () => {
    for (const doctype of [
      '<!DOCTYPE a>',
      '<!DOCTYPE a SYSTEM "]>">',
      `<!DOCTYPE a PUBLIC " -//x//y" ']>' [ <?p "?> <!-- " --> <!ENTITY e "]>"> %f; ]\n>`,
    ]) {
      expect(readXml(`${doctype}<a/>`, limits).tag).toBe('a');
    }
    expect(failure('<!DOCTYPE a [<!ENTITY e "x">]>\n<a>&e;</a>')).toEqual([2, '&e; is not expanded']);
  });

  it('may be as large as the limits say', () => {
    expect(names(readXml('<a><b><c><d/></c></b></a>', limits))).toHaveLength(4);
    expect(names(readXml(`<a>${'<b/>'.repeat(9)}</a>`, limits))).toHaveLength(10);
    expect(readXml(`<a>${'b'.repeat(20)}</a>`, limits).text).toHaveLength(20);
    expect(readXml(`<a b="${'c'.repeat(20)}"/>`, limits).attributes).toEqual(['b']);
  });
});
